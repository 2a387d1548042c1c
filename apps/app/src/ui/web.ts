/**
 * Props that only mean something in a browser. react-native-web passes them on; React Native's types
 * do not know them and a phone ignores them, hence the spread of a loosely typed object.
 */
import { Platform } from "react-native";

export function web(props: Record<string, unknown>): object {
  return Platform.OS === "web" ? props : {};
}

/** A looping or entering motion of css.ts. Reduced motion switches all of them off in one rule. */
export function motionOf(name: "breathe" | "turn" | "rise" | "pulse" | "swim"): object {
  return web({ dataSet: { motion: name } });
}

/** react-native-web adds `hovered` to the state that Pressable hands to its style. */
export interface PressState {
  readonly pressed: boolean;
  readonly hovered?: boolean;
  readonly focused?: boolean;
}

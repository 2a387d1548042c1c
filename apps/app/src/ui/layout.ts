/** The app's one question about size: is there room for the rail? */
import { breakpoints, radius } from "@molt/brand";
import { useWindowDimensions, type ViewStyle } from "react-native";

export function useWide(): boolean {
  return useWindowDimensions().width >= breakpoints.desktop;
}

export function useRoomy(): boolean {
  return useWindowDimensions().width >= breakpoints.tablet;
}

/** One corner is tighter than the others, like the hinge of a shell. */
export function hinge(corner: "topLeft" | "topRight" | "bottomLeft" | "bottomRight", r: number = radius.l) {
  const style: ViewStyle = { borderRadius: r };
  if (corner === "topLeft") style.borderTopLeftRadius = radius.hinge;
  if (corner === "topRight") style.borderTopRightRadius = radius.hinge;
  if (corner === "bottomLeft") style.borderBottomLeftRadius = radius.hinge;
  if (corner === "bottomRight") style.borderBottomRightRadius = radius.hinge;
  return style;
}

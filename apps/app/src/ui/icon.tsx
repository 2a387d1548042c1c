/** Our icons: one 24-unit grid, one stroke, round ends. Decorative; the control around them is named. */
import Svg, { Path } from "react-native-svg";
import { View } from "react-native";

const paths = {
  chat: "M4.5 12c0-4 3.4-7 7.5-7s7.5 3 7.5 7-3.4 7-7.5 7c-1.1 0-2.2-.2-3.1-.6L4.8 19.5l1-3.3A6.8 6.8 0 0 1 4.5 12Z",
  brain:
    "M12 6.2v12M12 6.2A2.7 2.7 0 0 0 6.8 7 3.1 3.1 0 0 0 5 11.8a3.1 3.1 0 0 0 1.6 4.9A2.7 2.7 0 0 0 12 18M12 6.2a2.7 2.7 0 0 1 5.2.8 3.1 3.1 0 0 1 1.8 4.8 3.1 3.1 0 0 1-1.6 4.9A2.7 2.7 0 0 1 12 18",
  usage: "M5 19.5v-6M10 19.5V5M15 19.5v-9M20 19.5v-4",
  settings: "M4 8h9M17 8h3M4 16h3M11 16h9M15 5.8v4.4M9 13.8v4.4",
  send: "M12 19V5.5M6 11.2l6-6 6 6",
  stop: "M7.5 7.5h9v9h-9z",
  copy: "M9 9h10v10H9zM15 9V5H5v10h4",
  check: "M5 12.5l4.5 4.5L19 7.5",
  down: "M12 5v13.5M6 12.8l6 6 6-6",
  left: "M14.5 5.5L8 12l6.5 6.5",
  right: "M9.5 5.5L16 12l-6.5 6.5",
  close: "M6 6l12 12M18 6L6 18",
  list: "M8.5 7H20M8.5 12H20M8.5 17H20M4.5 7h.01M4.5 12h.01M4.5 17h.01",
  file: "M7 4h7l4 4v12H7zM14 4v4h4M10 13h5M10 16.5h5",
  graph:
    "M7 7.5a2 2 0 1 0 .01 0M17 9.5a2 2 0 1 0 .01 0M11 17.5a2 2 0 1 0 .01 0M9 8.5l6 1.4M8 10l2.4 5.3M15.8 12l-3.4 4.2",
  retry: "M5 12a7 7 0 1 1 2.2 5.1M5 19v-4.5h4.5",
  alert: "M12 8v5M12 16.5h.01M12 3.8l9 15.7H3z",
  moon: "M19.5 14.2A8 8 0 0 1 9.8 4.5a8 8 0 1 0 9.7 9.7Z",
  mail: "M4 6.5h16v11H4zM4.5 7l7.5 6 7.5-6",
  external: "M13.5 5H19v5.5M19 5l-8 8M17 14v5H5V7h5",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20, color }: { name: IconName; size?: number; color: string }) {
  return (
    <View aria-hidden style={{ width: size, height: size }}>
      <Svg width={size} height={size} viewBox="0 0 24 24" fill="none">
        <Path
          d={paths[name]}
          fill={name === "stop" ? color : "none"}
          stroke={color}
          strokeWidth={1.8}
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </Svg>
    </View>
  );
}

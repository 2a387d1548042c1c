import { mark, name } from "@molt/brand";
import { View } from "react-native";
import Svg, { Path } from "react-native-svg";
import { Text } from "./text.tsx";
import { useColors } from "./theme.ts";

/** The claw and its shed shell. Decorative unless `label` names it. */
export function Mark({
  size = 28,
  color,
  shell,
  label,
}: {
  size?: number;
  color?: string;
  shell?: string;
  label?: string;
}) {
  const colors = useColors();
  const ink = color ?? colors.shell;
  const a11y = label ? { role: "img" as const, "aria-label": label } : { "aria-hidden": true };
  return (
    <View {...a11y} style={{ width: size, height: size }}>
      <Svg width={size} height={size} viewBox={mark.viewBox}>
        <Path d={mark.claw} fill={ink} />
        <Path
          d={mark.shell}
          fill="none"
          stroke={shell ?? ink}
          strokeWidth={mark.shellWidth}
          strokeLinecap="round"
        />
      </Svg>
    </View>
  );
}

export function Wordmark({ size = 26 }: { size?: number }) {
  return (
    <View role="img" aria-label={name} style={{ flexDirection: "row", alignItems: "center", gap: 10 }}>
      <Mark size={size} />
      <Text kind="heading" aria-hidden style={{ fontWeight: "700" }}>
        {name}
      </Text>
    </View>
  );
}

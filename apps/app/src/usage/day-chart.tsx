import { space } from "@molt/brand";
import { useState } from "react";
import { StyleSheet, View, type LayoutChangeEvent } from "react-native";
import Svg, { Line, Rect } from "react-native-svg";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { barsOf, charge, dayWords } from "./usage-format.ts";
import type { Usage } from "@molt/contract";

const height = 132;

/** A bar a day. The numbers behind it stand in words for those who cannot see it. */
export function DayChart({ usage }: { usage: Usage }) {
  const c = useColors();
  const [width, setWidth] = useState(0);
  const bars = barsOf(usage);
  const step = width / bars.length;
  const thick = Math.max(3, Math.min(18, step * 0.62));
  const highest = usage.byDay.reduce(
    (max, d) => (BigInt(d.costPicos) > BigInt(max) ? d.costPicos : max),
    "0",
  );
  const spoken = usage.byDay.map((d) => `${dayWords(d.day)}: ${charge(d.costPicos)}`).join("; ");
  return (
    <View style={s.wrap}>
      <View
        role="img"
        aria-label={`Charge by day. ${spoken || "No calls."}`}
        style={s.chart}
        onLayout={(e: LayoutChangeEvent) => setWidth(e.nativeEvent.layout.width)}
      >
        <Svg width={width} height={height}>
          <Line x1={0} x2={width} y1={height - 0.5} y2={height - 0.5} stroke={c.line} strokeWidth={1} />
          {bars.map((bar, i) => {
            const h = bar.height === 0 ? 2 : Math.max(4, bar.height * (height - 6));
            return (
              <Rect
                key={bar.day}
                x={i * step + (step - thick) / 2}
                y={height - h}
                width={thick}
                height={h}
                rx={Math.min(4, thick / 2)}
                fill={bar.height === 0 ? c.line : c.shell}
              />
            );
          })}
        </Svg>
      </View>
      <Axis first={bars[0]?.day ?? ""} last={bars.at(-1)?.day ?? ""} highest={highest} />
    </View>
  );
}

function Axis({ first, last, highest }: { first: string; last: string; highest: string }) {
  return (
    <View style={s.axis}>
      <Text kind="small" tone="muted">
        {dayWords(first)}
      </Text>
      <Text kind="small" tone="muted">
        {highest === "0" ? "" : `highest day ${charge(highest)}`}
      </Text>
      <Text kind="small" tone="muted">
        {dayWords(last)}
      </Text>
    </View>
  );
}

const s = StyleSheet.create({
  wrap: { gap: space.xs },
  chart: { height, width: "100%" },
  axis: { flexDirection: "row", justifyContent: "space-between" },
});

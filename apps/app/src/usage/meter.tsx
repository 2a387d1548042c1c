import { space } from "@molt/brand";
import { StyleSheet, View } from "react-native";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import type { Limit } from "./budget-words.ts";

const inks = { calm: "kelp", near: "amber", full: "danger" } as const;

/** How much of a limit is used. The words say all of it; the bar only lets one see it from afar. */
export function Meter({ limit }: { limit: Limit }) {
  const c = useColors();
  const percent = Math.floor(limit.used * 100);
  return (
    <View style={s.wrap}>
      <View style={s.row}>
        <Text kind="strong" style={s.name}>
          {limit.name}
        </Text>
        <Text kind="strong">{limit.amounts}</Text>
      </View>
      <View
        role="meter"
        aria-label={limit.name}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={percent}
        aria-valuetext={`${limit.amounts}. ${limit.left}`}
        style={[s.track, { backgroundColor: c.line }]}
      >
        <View style={[s.fill, { backgroundColor: c[inks[limit.state]], width: `${limit.used * 100}%` }]} />
      </View>
      <Text kind="small" tone={limit.state === "calm" ? "muted" : inks[limit.state]}>
        {limit.left}
      </Text>
    </View>
  );
}

const s = StyleSheet.create({
  wrap: { gap: space.xs },
  row: { flexDirection: "row", flexWrap: "wrap", justifyContent: "space-between", columnGap: space.m },
  name: { flexShrink: 1 },
  track: { height: 8, borderRadius: 4, borderTopLeftRadius: 2, overflow: "hidden" },
  fill: { height: 8 },
});

import { space } from "@molt/brand";
import { StyleSheet, View } from "react-native";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { charge, share, shortCount } from "./usage-format.ts";

export interface Part {
  readonly name: string;
  readonly calls: number;
  readonly tokens: number;
  readonly costPicos: string;
}

/** Parts of a whole as lines: name, amount, and how much of it all. Dearest first. */
export function ShareList({
  label,
  parts,
  ink,
}: {
  label: string;
  parts: readonly Part[];
  ink: "shell" | "thought";
}) {
  const c = useColors();
  const whole = parts.reduce((sum, part) => sum + BigInt(part.costPicos), 0n);
  const sorted = parts.toSorted((a, b) => (BigInt(b.costPicos) > BigInt(a.costPicos) ? 1 : -1));
  return (
    <View role="list" aria-label={label} style={s.list}>
      {sorted.map((part) => (
        <View key={part.name} role="listitem" style={s.part}>
          <View style={s.row}>
            <Text kind="strong" style={s.name} numberOfLines={1}>
              {part.name}
            </Text>
            <Text kind="strong">{charge(part.costPicos)}</Text>
          </View>
          <View style={[s.track, { backgroundColor: c.sunken }]}>
            <View
              style={[
                s.fill,
                { backgroundColor: c[ink], width: `${Math.max(1, share(part.costPicos, whole) * 100)}%` },
              ]}
            />
          </View>
          <Text kind="small" tone="muted">
            {part.calls} {part.calls === 1 ? "call" : "calls"} · {shortCount(part.tokens)} tokens
          </Text>
        </View>
      ))}
    </View>
  );
}

const s = StyleSheet.create({
  list: { gap: space.l },
  part: { gap: space.xs },
  row: { flexDirection: "row", justifyContent: "space-between", gap: space.m },
  name: { flexShrink: 1 },
  track: { height: 8, borderRadius: 4, borderTopLeftRadius: 2, overflow: "hidden" },
  fill: { height: 8, borderRadius: 4, borderTopLeftRadius: 2 },
});

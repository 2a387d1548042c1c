import { space } from "@molt/brand";
import type { BrainNode } from "@molt/contract";
import { StyleSheet, View } from "react-native";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { groupsOf } from "./brain-words.ts";
import { inkOf, kindWords } from "./model.ts";

/** Which colour is what, and how many there are. */
export function Legend({ nodes }: { nodes: readonly BrainNode[] }) {
  const c = useColors();
  return (
    <View role="list" aria-label="Kinds" style={s.row}>
      {groupsOf(nodes).map(({ kind, nodes: some }) => (
        <View key={kind} role="listitem" style={s.item}>
          <View style={[s.dot, { backgroundColor: c[inkOf[kind]] }]} />
          <Text kind="small" tone="muted">
            {kindWords[kind]}
            {kind === "self" ? "" : ` ${some.length}`}
          </Text>
        </View>
      ))}
    </View>
  );
}

const s = StyleSheet.create({
  row: {
    flexDirection: "row",
    flexWrap: "wrap",
    columnGap: space.l,
    rowGap: space.xs,
    padding: space.l,
    paddingLeft: space.xl,
  },
  item: { flexDirection: "row", alignItems: "center", gap: 6 },
  dot: { width: 10, height: 10, borderRadius: 5 },
});

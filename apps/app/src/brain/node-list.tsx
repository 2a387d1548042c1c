import { space } from "@molt/brand";
import type { Brain } from "@molt/contract";
import { Pressable, StyleSheet, View } from "react-native";
import { RoomPage } from "../ui/room.tsx";
import { Card } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import type { PressState } from "../ui/web.ts";
import { groupsOf, sizeWords } from "./brain-words.ts";
import { inkOf, kindWords } from "./model.ts";

/** The same mind as a list: for a keyboard, a screen reader, and whoever prefers words. */
export function NodeList({ brain, onSelect }: { brain: Brain; onSelect: (id: string) => void }) {
  const c = useColors();
  return (
    <RoomPage>
      {groupsOf(brain.nodes).map(({ kind, nodes }) => (
        <Card key={kind} label={kindWords[kind]}>
          <View style={s.head}>
            <View style={[s.dot, { backgroundColor: c[inkOf[kind]] }]} />
            <Text kind="heading" level={2} style={s.title}>
              {kindWords[kind]}
            </Text>
            <Text tone="muted">{nodes.length}</Text>
          </View>
          <View role="list" aria-label={kindWords[kind]}>
            {nodes.map((node) => (
              <View key={node.id} role="listitem">
                <Pressable
                  role="button"
                  onPress={() => onSelect(node.id)}
                  style={
                    (({ hovered }: PressState) => [
                      s.row,
                      { borderColor: c.line, backgroundColor: hovered ? c.sunken : "transparent" },
                    ]) as never
                  }
                >
                  <View style={s.words}>
                    <Text kind="strong" numberOfLines={1}>
                      {node.label}
                    </Text>
                    {node.detail ? (
                      <Text kind="small" tone="muted" numberOfLines={1}>
                        {node.detail}
                      </Text>
                    ) : null}
                  </View>
                  <Text kind="small" tone={node.active ? "kelp" : "muted"}>
                    {node.active ? "at work" : (sizeWords(node) ?? "")}
                  </Text>
                </Pressable>
              </View>
            ))}
          </View>
        </Card>
      ))}
    </RoomPage>
  );
}

const s = StyleSheet.create({
  head: { flexDirection: "row", alignItems: "center", gap: space.m },
  dot: { width: 12, height: 12, borderRadius: 6 },
  title: { flex: 1 },
  row: {
    flexDirection: "row",
    alignItems: "center",
    gap: space.m,
    minHeight: 52,
    paddingVertical: space.s,
    paddingHorizontal: space.s,
    borderTopWidth: 1,
  },
  words: { flex: 1, minWidth: 0 },
});

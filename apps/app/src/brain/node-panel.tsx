import { space } from "@molt/brand";
import type { Brain, BrainNode } from "@molt/contract";
import { Pressable, ScrollView, StyleSheet, View } from "react-native";
import { ago } from "../chat/days.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { hinge } from "../ui/layout.ts";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { motionOf, web } from "../ui/web.ts";
import { fileOf, sizeWords, tiesOf } from "./brain-words.ts";
import { inkOf, kindWords } from "./model.ts";

export interface NodePanelProps {
  brain: Brain;
  node: BrainNode;
  onSelect: (id: string | null) => void;
  onRead: (file: string) => void;
}

/** One part of the mind up close: what it is, how big, how old, and what it is tied to. */
export function NodePanel({ brain, node, onSelect, onRead }: NodePanelProps) {
  const c = useColors();
  const ties = tiesOf(brain, node.id);
  const file = fileOf(brain, node);
  const facts = [
    kindWords[node.kind],
    sizeWords(node),
    node.updatedAt && `changed ${ago(node.updatedAt, Date.now())}`,
    node.active && "at work now",
  ];
  return (
    <View
      role="group"
      aria-label={node.label}
      style={[s.panel, hinge("topLeft"), { backgroundColor: c.surface, borderColor: c.line }]}
      {...motionOf("rise")}
    >
      <View style={s.head}>
        <View style={[s.dot, { backgroundColor: c[inkOf[node.kind]] }]} />
        <Text kind="heading" level={2} numberOfLines={2} style={s.title}>
          {node.label}
        </Text>
        <IconButton icon="close" label="Close" onPress={() => onSelect(null)} />
      </View>
      <ScrollView style={s.scroll} contentContainerStyle={s.body} {...web({ tabIndex: 0 })}>
        <Text kind="small" tone="muted">
          {facts.filter(Boolean).join(" · ")}
        </Text>
        {node.detail ? <Text selectable>{node.detail}</Text> : null}
        {file ? (
          <Button label="Read its words" kind="quiet" icon="file" small onPress={() => onRead(file.name)} />
        ) : null}
        {ties.length > 0 ? <Ties ties={ties} onSelect={onSelect} /> : null}
      </ScrollView>
    </View>
  );
}

function Ties({ ties, onSelect }: { ties: BrainNode[]; onSelect: (id: string) => void }) {
  const c = useColors();
  return (
    <View style={s.ties}>
      <Text kind="label" tone="muted">
        Tied to
      </Text>
      <View style={s.chips}>
        {ties.slice(0, 24).map((tie) => (
          <Pressable
            key={tie.id}
            role="button"
            onPress={() => onSelect(tie.id)}
            style={[s.chip, { borderColor: c.line, backgroundColor: c.bg }]}
          >
            <View style={[s.smallDot, { backgroundColor: c[inkOf[tie.kind]] }]} />
            <Text kind="small" numberOfLines={1}>
              {tie.label}
            </Text>
          </Pressable>
        ))}
      </View>
    </View>
  );
}

const s = StyleSheet.create({
  panel: { borderWidth: 1, maxHeight: "100%" },
  head: {
    flexDirection: "row",
    alignItems: "center",
    gap: space.m,
    paddingLeft: space.l,
    paddingRight: space.s,
    paddingTop: space.s,
  },
  title: { flex: 1 },
  dot: { width: 12, height: 12, borderRadius: 6 },
  scroll: { flexShrink: 1 },
  body: { padding: space.l, paddingTop: space.xs, gap: space.m },
  ties: { gap: space.s },
  chips: { flexDirection: "row", flexWrap: "wrap", gap: space.s },
  chip: {
    flexDirection: "row",
    alignItems: "center",
    gap: 6,
    minHeight: 34,
    paddingHorizontal: 10,
    borderWidth: 1,
    borderRadius: 10,
    maxWidth: "100%",
  },
  smallDot: { width: 8, height: 8, borderRadius: 4 },
});

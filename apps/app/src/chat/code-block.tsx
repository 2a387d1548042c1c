import { radius, space } from "@molt/brand";
import type { Palette } from "@molt/brand";
import { useEffect, useState } from "react";
import { StyleSheet, View } from "react-native";
import { hinge } from "../ui/layout.ts";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { CopyButton } from "./copy-button.tsx";
import type { Segment } from "./segments.ts";

const inks: Record<string, keyof Palette> = {
  keyword: "thought",
  built_in: "thought",
  literal: "amber",
  number: "amber",
  string: "kelp",
  regexp: "kelp",
  attr: "shell",
  attribute: "shell",
  title: "shell",
  name: "shell",
  tag: "shell",
  section: "shell",
  type: "amber",
  comment: "muted",
  quote: "muted",
  meta: "muted",
  addition: "kelp",
  deletion: "danger",
};

/** Code, wrapped rather than scrolled, coloured once it is whole. */
export function CodeBlock({ code, language, closed }: { code: string; language: string; closed: boolean }) {
  const c = useColors();
  const segments = useHighlight(code, closed ? language : "");
  return (
    <View style={[s.box, hinge("topLeft", radius.m), { backgroundColor: c.sunken, borderColor: c.line }]}>
      <View style={s.head}>
        <Text kind="small" tone="muted" style={s.language}>
          {language || "text"}
        </Text>
        {closed ? <CopyButton text={code} what="code" /> : null}
      </View>
      <Text kind="code" style={s.code} selectable>
        {segments
          ? segments.map((segment, i) => (
              <Text key={i} kind="code" style={{ color: c[inks[segment.kind ?? ""] ?? "text"] }}>
                {segment.text}
              </Text>
            ))
          : code}
      </Text>
    </View>
  );
}

function useHighlight(code: string, language: string): Segment[] | null {
  const [segments, setSegments] = useState<Segment[] | null>(null);
  useEffect(() => {
    let here = true;
    setSegments(null);
    if (language === "") return;
    const colour = import("./highlight.ts").then(
      ({ highlight }) => here && setSegments(highlight(code, language)),
    );
    // Without the chunk (offline) the code stays plain, which is readable.
    colour.catch(() => undefined);
    return () => {
      here = false;
    };
  }, [code, language]);
  return segments;
}

const s = StyleSheet.create({
  box: { borderWidth: 1, marginVertical: space.s, overflow: "hidden" },
  head: { flexDirection: "row", alignItems: "center", paddingLeft: space.l, paddingRight: space.xs },
  language: { flex: 1 },
  code: { paddingHorizontal: space.l, paddingBottom: space.l },
});

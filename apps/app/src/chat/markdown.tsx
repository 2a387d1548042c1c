/** Draws the blocks of markdown-blocks.ts with React Native's own parts and the roles they mean. */
import { radius, space } from "@molt/brand";
import { memo, useMemo, type ReactNode } from "react";
import { Linking, ScrollView, StyleSheet, View } from "react-native";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { web } from "../ui/web.ts";
import { CodeBlock } from "./code-block.tsx";
import { blocksOf, safeHref, type Block, type Token, type Tokens } from "./markdown-blocks.ts";
import { plain } from "./segments.ts";

export function Markdown({ text, streaming = false }: { text: string; streaming?: boolean }) {
  const blocks = useMemo(() => blocksOf(text, streaming), [text, streaming]);
  return (
    <View style={s.stack}>
      {blocks.map((block) => (
        <DrawnBlock key={block.key} block={block} />
      ))}
    </View>
  );
}

const DrawnBlock = memo(
  ({ block }: { block: Block }) => <BlockView token={block.token} closed={block.closed} />,
  (a, b) => a.block.token.raw === b.block.token.raw && a.block.closed === b.block.closed,
);
DrawnBlock.displayName = "DrawnBlock";

function BlockView({ token, closed }: { token: Token; closed: boolean }): ReactNode {
  const c = useColors();
  const t = token as Tokens.Generic;
  switch (t.type) {
    case "heading":
      return (
        <Text
          kind={t["depth"] <= 2 ? "heading" : "strong"}
          level={t["depth"] <= 2 ? 2 : 3}
          style={s.heading}
          selectable
        >
          {inline(t.tokens)}
        </Text>
      );
    case "code":
      return (
        <CodeBlock code={t["text"]} language={String(t["lang"] ?? "").split(/\s/)[0] ?? ""} closed={closed} />
      );
    case "blockquote":
      return <View style={[s.quote, { borderColor: c.thought }]}>{nested(t.tokens, closed)}</View>;
    case "list":
      return <List list={t as Tokens.List} closed={closed} />;
    case "table":
      return <Table table={t as Tokens.Table} />;
    case "hr":
      return <View role="separator" style={[s.rule, { backgroundColor: c.line }]} />;
    default:
      // Paragraphs, loose text, and raw HTML, which is shown and never run.
      return <Text selectable>{t.tokens ? inline(t.tokens) : plain(t.raw.trim())}</Text>;
  }
}

function nested(tokens: Token[] | undefined, closed: boolean): ReactNode[] {
  return (tokens ?? [])
    .filter((t) => t.type !== "space")
    .map((t, i) => <BlockView key={i} token={t} closed={closed} />);
}

function List({ list, closed }: { list: Tokens.List; closed: boolean }) {
  const start = typeof list.start === "number" ? list.start : 1;
  return (
    <View role="list" style={s.list}>
      {list.items.map((item, i) => (
        <View key={i} role="listitem" style={s.item}>
          <Text tone="muted" style={s.bullet}>
            {item.task ? (item.checked ? "☑" : "☐") : list.ordered ? `${start + i}.` : "•"}
          </Text>
          <View style={s.itemBody}>
            {nested(
              item.tokens.filter((t) => t.type !== "checkbox"),
              closed,
            )}
          </View>
        </View>
      ))}
    </View>
  );
}

function Table({ table }: { table: Tokens.Table }) {
  const c = useColors();
  const row = (cells: Tokens.TableCell[], head: boolean, key: number) => (
    <View
      key={key}
      role="row"
      style={[s.row, { borderColor: c.line }, head && { backgroundColor: c.sunken }]}
    >
      {cells.map((cell, i) => (
        <View key={i} role={(head ? "columnheader" : "cell") as "cell"} style={s.cell}>
          <Text kind={head ? "label" : "small"} selectable>
            {inline(cell.tokens)}
          </Text>
        </View>
      ))}
    </View>
  );
  return (
    <ScrollView
      horizontal
      style={s.tableScroll}
      contentContainerStyle={s.tableWide}
      {...web({ tabIndex: 0, role: "group", "aria-label": "Table" })}
    >
      <View role="table" style={[s.table, { borderColor: c.line }]}>
        {row(table.header, true, -1)}
        {table.rows.map((cells, i) => row(cells, false, i))}
      </View>
    </ScrollView>
  );
}

function inline(tokens: Token[] | undefined): ReactNode[] {
  return (tokens ?? []).map((t, i) => <Inline key={i} token={t as Tokens.Generic} />);
}

function Inline({ token: t }: { token: Tokens.Generic }): ReactNode {
  const c = useColors();
  switch (t.type) {
    case "strong":
      return <Text style={s.strong}>{inline(t.tokens)}</Text>;
    case "em":
      return <Text style={s.em}>{inline(t.tokens)}</Text>;
    case "del":
      return <Text style={s.del}>{inline(t.tokens)}</Text>;
    case "codespan":
      return (
        <Text kind="code" style={[s.codespan, { backgroundColor: c.sunken }]}>
          {plain(t["text"])}
        </Text>
      );
    case "br":
      return "\n";
    case "link":
      return <Link href={t["href"]}>{inline(t.tokens)}</Link>;
    case "image":
      return <Link href={t["href"]}>{t["text"] || "Picture"}</Link>;
    case "html":
      return t.raw;
    default:
      return t.tokens ? inline(t.tokens) : plain(t["text"] ?? t.raw);
  }
}

/** On the web a true link, so that it can be copied and opened aside; elsewhere the system opens it. */
function Link({ href, children }: { href: string; children: ReactNode }) {
  const c = useColors();
  const safe = safeHref(href);
  if (safe === null) return children;
  const props = web({ href: safe, hrefAttrs: { target: "_blank", rel: "noopener noreferrer" } });
  return (
    <Text
      role="link"
      style={{ color: c.thought, textDecorationLine: "underline" }}
      {...props}
      onPress={onPress(safe)}
    >
      {children}
    </Text>
  );
}

/** The browser follows `href` by itself; a second opening would be two tabs. */
const onPress = (href: string) => ("href" in web({ href }) ? undefined : () => void Linking.openURL(href));

const s = StyleSheet.create({
  stack: { gap: space.m },
  heading: { marginTop: space.s },
  quote: { borderLeftWidth: 3, paddingLeft: space.l, gap: space.s },
  rule: { height: 1, marginVertical: space.s },
  list: { gap: space.xs },
  item: { flexDirection: "row", gap: space.s },
  bullet: { minWidth: 18, textAlign: "right" },
  itemBody: { flex: 1, gap: space.xs },
  tableScroll: { flexGrow: 0, maxWidth: "100%" },
  tableWide: { minWidth: "100%" },
  table: { flexGrow: 1, borderWidth: 1, borderRadius: radius.s, overflow: "hidden" },
  row: { flexDirection: "row", borderBottomWidth: 1, marginBottom: -1 },
  cell: {
    minWidth: 110,
    maxWidth: 260,
    flexGrow: 1,
    flexBasis: 140,
    paddingHorizontal: space.m,
    paddingVertical: space.s,
  },
  strong: { fontWeight: "600" },
  em: { fontStyle: "italic" },
  del: { textDecorationLine: "line-through" },
  codespan: { borderRadius: 4, paddingHorizontal: 4 },
});

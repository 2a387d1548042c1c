import { radius, space } from "@molt/brand";
import { Pressable, ScrollView, StyleSheet, View } from "react-native";
import { hinge } from "../ui/layout.ts";
import { Mark } from "../ui/mark.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { motionOf, web, type PressState } from "../ui/web.ts";

const starters = [
  { title: "Get to know each other", text: "Hello! Who are you, and what can you do for me?" },
  { title: "Give it something to remember", text: "Remember this about me: " },
  { title: "Let it work while you sleep", text: "Every morning at 8, look at the news on " },
  { title: "Hand over a chore", text: "Read this page and tell me what matters: " },
] as const;

/** The room before the first word. A pick goes into the composer, never straight to the bot. */
export function FirstWords({ onPick }: { onPick: (text: string) => void }) {
  const c = useColors();
  const style = ({ hovered, pressed }: PressState) => [
    s.starter,
    hinge("bottomRight", radius.m),
    { backgroundColor: hovered || pressed ? c.shellSoft : c.surface, borderColor: c.line },
  ];
  return (
    <ScrollView contentContainerStyle={s.scroll} {...web({ tabIndex: 0 })}>
      <View style={s.middle}>
        <View {...motionOf("swim")}>
          <Mark size={72} />
        </View>
        <Text kind="title" level={2} center>
          It is all ears
        </Text>
        <Text tone="muted" center style={s.lead}>
          This is the first page of a long conversation. Your bot remembers it, and goes on thinking when you
          close this window.
        </Text>
        <View style={s.starters}>
          {starters.map(({ title, text }) => (
            <Pressable
              key={title}
              role="button"
              onPress={() => onPick(text)}
              style={style as never}
              {...web({ dataSet: { hover: "" } })}
            >
              <Text kind="strong">{title}</Text>
              <Text kind="small" tone="muted" numberOfLines={1}>
                {text.trim()}
              </Text>
            </Pressable>
          ))}
        </View>
      </View>
    </ScrollView>
  );
}

const s = StyleSheet.create({
  scroll: { flexGrow: 1, justifyContent: "center", padding: space.l },
  middle: { alignItems: "center", gap: space.m, width: "100%", maxWidth: 640, alignSelf: "center" },
  lead: { maxWidth: 460 },
  starters: {
    flexDirection: "row",
    flexWrap: "wrap",
    gap: space.m,
    marginTop: space.l,
    alignSelf: "stretch",
  },
  starter: { flexGrow: 1, flexBasis: 260, gap: 2, padding: space.l, borderWidth: 1 },
});

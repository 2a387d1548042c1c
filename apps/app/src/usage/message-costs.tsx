import { space } from "@molt/brand";
import type { Usage } from "@molt/contract";
import { useRouter } from "expo-router";
import { useState } from "react";
import { Pressable, StyleSheet, View } from "react-native";
import { Button } from "../ui/button.tsx";
import { useRoomy } from "../ui/layout.ts";
import { Sheet } from "../ui/sheet.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { web, type PressState } from "../ui/web.ts";
import { CallTable } from "./call-table.tsx";
import { charge, moment, shortCount } from "./usage-format.ts";

type MessageCost = Usage["byMessage"][number];

const atFirst = 5;

export interface MessageCostsProps {
  messages: Usage["byMessage"];
  recent: Usage["recent"];
  /** Whether this device holds the message, so that the chat can show it. */
  isHere: (messageId: string) => boolean;
}

/** The dearest messages. A tap leads to the message where this device has it, and to its calls otherwise. */
export function MessageCosts({ messages, recent, isHere }: MessageCostsProps) {
  const router = useRouter();
  const [all, setAll] = useState(false);
  const [opened, setOpened] = useState<MessageCost | null>(null);
  const open = (cost: MessageCost) => {
    if (isHere(cost.messageId)) router.push(`/chat?message=${cost.messageId}`);
    else setOpened(cost);
  };
  const more = messages.length - atFirst;
  return (
    <>
      <View role="list" aria-label="By message">
        {(all ? messages : messages.slice(0, atFirst)).map((cost) => (
          <MessageLine key={cost.messageId} cost={cost} onPress={() => open(cost)} />
        ))}
      </View>
      {more > 0 && !all ? (
        <Button label={`Show ${more} more`} kind="ghost" small onPress={() => setAll(true)} />
      ) : null}
      <Sheet title="What this message cost" open={opened !== null} onClose={() => setOpened(null)}>
        {opened ? <CallsOf cost={opened} recent={recent} /> : null}
      </Sheet>
    </>
  );
}

function MessageLine({ cost, onPress }: { cost: MessageCost; onPress: () => void }) {
  const roomy = useRoomy();
  const c = useColors();
  const style = ({ hovered, pressed }: PressState) => [
    s.line,
    { borderColor: c.line, backgroundColor: hovered || pressed ? c.sunken : "transparent" },
  ];
  return (
    <View role="listitem">
      <Pressable role="button" onPress={onPress} style={style as never} {...web({ dataSet: { hover: "" } })}>
        <View style={s.words}>
          <Text numberOfLines={1}>{cost.text || "A message without words"}</Text>
          <Text kind="small" tone="muted">
            {roomy ? summary(cost) : short(cost)}
          </Text>
        </View>
        <Text kind="strong">{charge(cost.costPicos)}</Text>
      </Pressable>
    </View>
  );
}

const short = (cost: MessageCost) =>
  `${moment(cost.at)} · ${cost.calls} ${cost.calls === 1 ? "call" : "calls"}`;

const summary = (cost: MessageCost) =>
  `${short(cost)} · ${shortCount(cost.tokensIn + cost.tokensOut)} tokens`;

function CallsOf({ cost, recent }: { cost: MessageCost; recent: Usage["recent"] }) {
  const calls = recent.filter((call) => call.messageId === cost.messageId);
  return (
    <>
      <Text selectable>{cost.text}</Text>
      <Text tone="muted">{`${summary(cost)} · ${charge(cost.costPicos)}`}</Text>
      {calls.length > 0 ? <CallTable calls={calls} label="Its calls" /> : null}
      {calls.length < cost.calls ? (
        <Text kind="small" tone="muted">
          {calls.length === 0
            ? "Its calls are older than the hundred listed here. The CSV has each of them."
            : "Some of its calls are older than the hundred listed here. The CSV has each of them."}
        </Text>
      ) : null}
    </>
  );
}

const s = StyleSheet.create({
  line: {
    flexDirection: "row",
    alignItems: "center",
    gap: space.l,
    minHeight: 56,
    paddingVertical: space.s,
    borderBottomWidth: 1,
  },
  words: { flex: 1, minWidth: 0, gap: 2 },
});

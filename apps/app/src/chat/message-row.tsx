/** One row of the conversation. Mine stand right in a shell-coloured bubble, the bot's are plain text on the page. */
import { radius, space } from "@molt/brand";
import type { Message } from "@molt/contract";
import { useRouter } from "expo-router";
import { memo, type ReactNode } from "react";
import { StyleSheet, View } from "react-native";
import { Button } from "../ui/button.tsx";
import { hinge } from "../ui/layout.ts";
import { Mark } from "../ui/mark.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { CopyButton } from "./copy-button.tsx";
import { clock, dayName } from "./days.ts";
import { Markdown } from "./markdown.tsx";
import type { Pending } from "./transcript.ts";

export function DayRow({ at }: { at: string }) {
  const c = useColors();
  return (
    <View style={[s.line, s.day]}>
      <View style={[s.rule, { backgroundColor: c.line }]} />
      <Text kind="small" tone="muted">
        {dayName(at, new Date())}
      </Text>
      <View style={[s.rule, { backgroundColor: c.line }]} />
    </View>
  );
}

export function UserBubble({
  text,
  children,
  testID,
}: {
  text: string;
  children?: ReactNode;
  testID?: string;
}) {
  const c = useColors();
  return (
    <View style={[s.line, s.mine]}>
      <View testID={testID} style={[s.bubble, hinge("bottomRight"), { backgroundColor: c.shellSoft }]}>
        <Text selectable>{text}</Text>
      </View>
      {children}
    </View>
  );
}

/** The bot's side: its mark, then what it says. Used for whole messages and for the running one. */
export function BotSide({
  children,
  testID,
  first,
}: {
  children: ReactNode;
  testID?: string;
  first: boolean;
}) {
  return (
    <View style={[s.line, s.theirs]}>
      <View style={s.avatar}>{first ? <Mark size={26} /> : null}</View>
      <View testID={testID} style={s.said}>
        {children}
      </View>
    </View>
  );
}

const endings: Partial<Record<Message["state"], string>> = {
  stopped: "Stopped by you",
  interrupted: "Cut off. Ask again, nothing before this is lost.",
};

export const MessageRow = memo(({ message, follows }: { message: Message; follows: boolean }) => {
  if (message.role === "user") {
    return (
      <UserBubble text={message.text} testID="user-message">
        <Text kind="small" tone="muted">
          {clock(message.at)}
          {message.state === "queued" ? " · Kept" : ""}
        </Text>
      </UserBubble>
    );
  }
  return (
    <BotSide testID="bot-message" first={!follows}>
      {message.state === "error" ? <ErrorText text={message.text} /> : <Markdown text={message.text} />}
      <View style={s.foot}>
        <Text kind="small" tone="muted">
          {[clock(message.at), endings[message.state]].filter(Boolean).join(" · ")}
        </Text>
        {message.text ? <CopyButton text={message.text} what="message" /> : null}
      </View>
    </BotSide>
  );
});
MessageRow.displayName = "MessageRow";

function ErrorText({ text }: { text: string }) {
  const router = useRouter();
  const c = useColors();
  return (
    <View style={[s.error, hinge("topLeft", radius.m), { backgroundColor: c.dangerSoft }]}>
      <Text selectable>{text}</Text>
      {saysLimit(text) ? (
        <Button label="See the limits" kind="quiet" small onPress={() => router.push("/usage")} />
      ) : null}
    </View>
  );
}

/** How the model proxy begins what it tells a bot at a limit (apps/api/src/models/refusals.ts). */
const saysLimit = (text: string) => /usage limit reached/i.test(text);

export interface PendingRowProps {
  pending: Pending;
  online: boolean;
  onRetry: (clientId: string) => void;
  onDiscard: (clientId: string) => void;
}

export const PendingRow = memo(({ pending, online, onRetry, onDiscard }: PendingRowProps) => (
  <UserBubble text={pending.text} testID="user-message">
    {pending.state === "failed" ? (
      <View style={s.failed}>
        <Text kind="small" tone="danger" role="alert">
          Not sent. {pending.reason}
        </Text>
        <View style={s.buttons}>
          <Button label="Discard" kind="ghost" small onPress={() => onDiscard(pending.clientId)} />
          <Button label="Retry" kind="quiet" icon="retry" small onPress={() => onRetry(pending.clientId)} />
        </View>
      </View>
    ) : (
      <Text kind="small" tone="muted">
        {online ? "Sending" : "Waits for the connection"}
      </Text>
    )}
  </UserBubble>
));
PendingRow.displayName = "PendingRow";

const s = StyleSheet.create({
  line: { width: "100%", maxWidth: 760, alignSelf: "center", paddingHorizontal: space.l },
  day: { flexDirection: "row", alignItems: "center", gap: space.m, paddingVertical: space.l },
  rule: { flex: 1, height: 1 },
  mine: { alignItems: "flex-end", gap: space.xs, paddingVertical: space.s },
  bubble: { maxWidth: "86%", paddingHorizontal: space.l, paddingVertical: 10 },
  theirs: { flexDirection: "row", gap: space.m, paddingVertical: space.s },
  avatar: { width: 26, paddingTop: 1 },
  said: { flex: 1, gap: space.xs },
  foot: { flexDirection: "row", alignItems: "center", gap: space.xs, minHeight: 36 },
  error: { padding: space.l, gap: space.m },
  failed: { alignItems: "flex-end", gap: space.xs },
  buttons: { flexDirection: "row", gap: space.s },
});

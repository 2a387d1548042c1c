/** The states of whole features, with made-up facts that a real api could have answered. */
import {
  botStatus,
  holdReason,
  type BotView,
  type BudgetView,
  type Message,
  type Usage,
} from "@molt/contract";
import { space } from "@molt/brand";
import { useState } from "react";
import { StyleSheet, View } from "react-native";
import { Molting } from "../birth/molting.tsx";
import { StepList } from "../birth/step-list.tsx";
import { BotBadge } from "../chat/bot-badge.tsx";
import { Composer } from "../chat/composer.tsx";
import { DayRow, MessageRow, PendingRow } from "../chat/message-row.tsx";
import { RunningReply } from "../chat/running-reply.tsx";
import { Text } from "../ui/text.tsx";
import { Meters } from "../usage/budget-card.tsx";
import { CapsForm } from "../usage/caps-form.tsx";
import { HoldBanner } from "../usage/hold-notice.tsx";
import { Month } from "../usage/month.tsx";
import { Shelf } from "./shelf.tsx";

const at = "2026-11-22T12:00:00.000Z";
const bot = (status: BotView["status"]): BotView => ({
  id: "b",
  status,
  step: "boot",
  stepSince: at,
  failure: null,
  createdAt: at,
  lastActiveAt: at,
});
const message = (more: Partial<Message>): Message => ({
  id: "m",
  seq: 1,
  role: "bot",
  text: "",
  state: "final",
  at,
  clientId: null,
  replyTo: null,
  ...more,
});
const nothing = () => undefined;

const speech = [
  "## A heading\n\nWords with **weight**, *tone*, `code` and [a link](https://example.org).",
  "1. First\n2. Second\n   - with a detail\n\n> A quotation",
  "| Hour | What |\n| --- | --- |\n| 8:00 | Scales |",
  "```ts\nconst shell = old ? shed() : grow(); // slowly\n```",
].join("\n\n");

export function ChatStates() {
  const [draft, setDraft] = useState("");
  const running = {
    replyTo: "m",
    text: "A reply that is being",
    activity: { kind: "tool" as const, label: "Running a command", detail: "ls ~/notes" },
    since: at,
    doubtful: false,
  };
  const pending = { clientId: "c", text: "A message on its way", at, state: "queued" as const, reason: null };
  return (
    <Shelf title="Chat">
      <View style={s.row}>
        {botStatus.options.map((status) => (
          <BotBadge key={status} bot={bot(status)} testID={`badge-${status}`} />
        ))}
        <BotBadge bot={bot("running")} working testID="badge-working" />
        <BotBadge bot={null} testID="badge-none" />
        <BotBadge bot={undefined} />
      </View>
      <DayRow at={at} />
      <MessageRow
        message={message({ role: "user", text: "A message of mine", state: "answered" })}
        follows={false}
      />
      <MessageRow message={message({ text: speech })} follows={false} />
      <MessageRow message={message({ text: "Half a thou", state: "stopped" })} follows={false} />
      <MessageRow message={message({ text: "Half a thou", state: "interrupted" })} follows={false} />
      <MessageRow
        message={message({
          text: "The model provider is overloaded. Try again in a minute.",
          state: "error",
        })}
        follows={false}
      />
      <PendingRow pending={pending} online onRetry={nothing} onDiscard={nothing} />
      <PendingRow pending={pending} online={false} onRetry={nothing} onDiscard={nothing} />
      <PendingRow
        pending={{ ...pending, state: "failed", reason: "Too many messages at once." }}
        online
        onRetry={nothing}
        onDiscard={nothing}
      />
      <RunningReply running={running} stopped={false} />
      <RunningReply running={running} stopped />
      <Composer value={draft} onChange={setDraft} onSend={nothing} />
      <Composer value={draft} onChange={setDraft} onSend={nothing} onStop={nothing} />
    </Shelf>
  );
}

export function BirthStates() {
  return (
    <Shelf title="Birth">
      <View style={s.row}>
        {[0, 2, 4, 6].map((done) => (
          <View key={done} style={s.birth}>
            <Molting done={done} width={190} />
            <Text kind="small" tone="muted">
              {done} of 6
            </Text>
          </View>
        ))}
        <Molting done={3} failed width={190} />
      </View>
      <StepList done={3} />
    </Shelf>
  );
}

const sum = { calls: 12, tokensIn: 184_000, tokensOut: 9_640, costPicos: "412000000000" };
const usage: Usage = {
  month: "2026-11",
  budget: null,
  byMessage: [
    { messageId: "m1", at, text: "Read this report and tell me what matters", ...sum },
    { messageId: "m2", at, text: "Every morning at 8, look at the news on lobsters", ...sum, calls: 1 },
  ],
  total: { ...sum, chargePicos: "494400000000" },
  byDay: [3, 4, 9, 17].map((day) => ({
    day: `2026-11-${String(day).padStart(2, "0")}`,
    ...sum,
    costPicos: String(BigInt(day) * 9_000_000_000n),
  })),
  byModel: [{ model: "a-large-model", ...sum }],
  byCause: [
    { cause: "chat", ...sum },
    { cause: "cron", ...sum, costPicos: "90000000000" },
  ],
  recent: [],
};

const dollar = 1_000_000_000_000n;
const budget: BudgetView = {
  dayPicos: String(17n * dollar),
  dayCapPicos: String(20n * dollar),
  unattendedDayPicos: String(5n * dollar),
  unattendedDayCapPicos: String(5n * dollar),
  monthPicos: String(34n * dollar),
  monthCapPicos: String(100n * dollar),
  runCapPicos: String(5n * dollar),
  hold: null,
};

export function UsageStates() {
  return (
    <Shelf title="Usage">
      {holdReason.options.map((reason) => (
        <HoldBanner
          key={reason}
          hold={{ reason, since: at, message: "Why it was stopped, and what to do about it." }}
          busy={false}
          trouble={reason === "rate" ? "No connection to the server." : undefined}
          onResume={nothing}
        />
      ))}
      <Meters budget={budget} />
      <CapsForm budget={budget} busy={false} trouble={undefined} onSave={nothing} onCancel={nothing} />
      <Month usage={usage} isHere={() => false} />
      <Month usage={{ ...usage, total: { ...usage.total, calls: 0 } }} isHere={() => false} />
    </Shelf>
  );
}

const s = StyleSheet.create({
  row: { flexDirection: "row", flexWrap: "wrap", alignItems: "center", gap: space.m },
  birth: { alignItems: "center" },
});

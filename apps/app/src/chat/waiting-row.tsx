import type { BotView, Message } from "@molt/contract";
import { ActivityLine } from "./running-reply.tsx";
import { wakeWords } from "./bot-words.ts";
import { BotSide } from "./message-row.tsx";

/** A message is kept and nothing is said yet: whether the bot wakes, is born, or reads. */
export function WaitingRow({ bot, message }: { bot: BotView | null | undefined; message: Message }) {
  if (!bot || bot.status === "paused" || bot.status === "failed" || bot.status === "deleting") return null;
  const waking = bot.status !== "running";
  const label = waking ? wakeWords(bot.step) : message.state === "queued" ? "Handing it over" : "Reading";
  return (
    <BotSide first testID="waiting-reply">
      <ActivityLine
        activity={{ kind: "status", label, detail: null }}
        since={waking ? bot.stepSince : message.at}
      />
    </BotSide>
  );
}

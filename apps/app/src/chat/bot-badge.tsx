import type { BotView } from "@molt/contract";
import { Badge, Skeleton } from "../ui/surface.tsx";
import { botLook } from "./bot-words.ts";

export interface BotBadgeProps {
  bot: BotView | null | undefined;
  working?: boolean;
  testID?: string;
}

/** The state of the user's bot: a dot and a word, in every room. */
export function BotBadge({ bot, working = false, testID = "bot-status" }: BotBadgeProps) {
  if (bot === undefined) return <Skeleton width={84} height={26} />;
  if (bot === null) return <Badge testID={testID} tone="muted" label="No bot yet" />;
  const look = botLook(bot.status);
  if (working && bot.status === "running")
    return <Badge testID={testID} tone="thought" label="Working" live />;
  return <Badge testID={testID} tone={look.tone} label={look.label} live={look.live} />;
}

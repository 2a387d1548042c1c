/** The state of the bot in words: for the badge, the line above the composer, and the screen of its birth. */
import { entitled, type BotStatus, type BotStep, type BotView, type Me } from "@molt/contract";
import type { BadgeTone } from "../ui/surface.tsx";

export interface BotLook {
  readonly tone: BadgeTone;
  readonly label: string;
  readonly live: boolean;
}

const looks = {
  provisioning: { tone: "amber", label: "Being born", live: true },
  running: { tone: "kelp", label: "Awake", live: true },
  waking: { tone: "amber", label: "Waking up", live: true },
  asleep: { tone: "thought", label: "Asleep", live: false },
  paused: { tone: "muted", label: "Paused", live: false },
  failed: { tone: "danger", label: "In trouble", live: false },
  deleting: { tone: "muted", label: "Being deleted", live: false },
} satisfies Record<BotStatus, BotLook>;

export const botLook = (status: BotStatus): BotLook => looks[status];

const steps = {
  queued: "Waiting for its turn",
  app: "Getting a place of its own",
  volume: "Laying out its memory",
  machine: "Setting up its machine",
  boot: "Opening its eyes",
  connect: "Saying its first hello",
  ready: "Ready",
} satisfies Record<BotStep, string>;

export const stepWords = (step: BotStep): string => steps[step];

/** Short words for the steps of a wake, where the place and the memory are there already. */
const wakeSteps = {
  queued: "Waking up",
  app: "Waking up",
  volume: "Waking up",
  machine: "Starting its machine",
  boot: "Opening its eyes",
  connect: "Finding its words",
  ready: "Awake",
} satisfies Record<BotStep, string>;

export const wakeWords = (step: BotStep): string => wakeSteps[step];

export interface Notice {
  readonly tone: BadgeTone;
  readonly title: string;
  readonly words: string;
  readonly action: "provision" | "subscribe" | "portal" | "wake" | null;
}

/** What stands above the composer when the bot cannot simply answer. Null when it can, or sleeps soundly. */
export function botNotice(
  bot: BotView | null | undefined,
  me: Pick<Me, "subscription"> | undefined,
): Notice | null {
  if (bot === undefined) return null;
  if (bot === null) {
    return {
      tone: "muted",
      title: "You have no bot yet",
      words: "It is born within a minute of the first payment.",
      action: "subscribe",
    };
  }
  if (bot.status === "failed") {
    return {
      tone: "danger",
      title: "Your bot is in trouble",
      words: bot.failure?.message ?? "It could not be woken. Nothing it knows is lost.",
      action: "provision",
    };
  }
  if (bot.status === "paused") return paused(bot, me);
  if (bot.status === "deleting") {
    return {
      tone: "muted",
      title: "Your bot is being deleted",
      words: "Its machine and its memory go with it.",
      action: null,
    };
  }
  return null;
}

function paused(bot: BotView, me: Pick<Me, "subscription"> | undefined): Notice {
  const pays = me !== undefined && entitled.includes(me.subscription.status);
  if (bot.failure)
    return {
      tone: "amber",
      title: "Your bot is paused",
      words: bot.failure.message,
      action: pays ? null : "portal",
    };
  if (pays)
    return {
      tone: "amber",
      title: "Your bot is paused",
      words: "It reached its spending limit. What you write is kept and answered later.",
      action: null,
    };
  const fresh =
    me === undefined || ["none", "canceled", "incomplete_expired"].includes(me.subscription.status);
  return {
    tone: "amber",
    title: "Your bot is paused",
    words: "The subscription does not cover it at the moment. Everything it knows is kept.",
    action: fresh ? "subscribe" : "portal",
  };
}

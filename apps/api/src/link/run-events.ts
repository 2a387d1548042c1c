/**
 * From a gateway's events to what a conversation wants to know: receipts, growing text, one end a
 * run. Pure but for the handlers it calls. First terminal event per run wins, what comes later is
 * noise; texts are cumulative, so a frame that was coalesced away is no loss (openclaw.md, section 6).
 */
import type { Activity } from "@molt/contract";
import { activityOf } from "./activity.ts";
import {
  type AgentEvent,
  agentEvent,
  type ChatEvent,
  chatEvent,
  cleanText,
  rowEvent,
  textOf,
} from "./frames.ts";

/** The one conversation a person has with their bot. Its transcript carries this key in every bot. */
export const MAIN_CHAT = "agent:main:main-chat";

export interface RunHandlers {
  /** The bot has the message on disk: it will be answered, also after a crash. */
  onReceipt(messageId: string): void;
  /**
   * `text` is the whole reply so far. `replaced`: it does not continue the last one, because the model
   * began again.
   */
  onDelta(delta: { runId: string; text: string; replaced: boolean }): void;
  /** What the bot is doing; null when that is over. */
  onActivity(change: { runId: string; activity: Activity | null }): void;
  onFinal(final: { runId: string; text: string; stopReason: string | null }): void;
  /** Ended by the user; `text` is what had been said. */
  onAborted(end: { runId: string; text: string }): void;
  /** `message` is written for people. `code` "quota_exceeded": our own proxy refused, see the bot's usage. */
  onError(error: { runId: string; message: string; code: string }): void;
  /** The model call failed and is repeated; the text so far is void. */
  onRetry?(retry: { runId: string; attempt: number; maxAttempts: number }): void;
  /** What a bot said of its own accord: its schedule's runs. */
  onForeignFinal(final: { runId: string; sessionKey: string; text: string }): void;
}

export interface RunEventHandlers extends RunHandlers {
  /**
   * A run of the conversation ended without a word: it was steered into another one, or a message was
   * sent again to a bot that had it. Only the transcript tells.
   */
  onEmptyFinal(runId: string): void;
}

interface Run {
  text: string;
  seq: number;
  ended: boolean;
  /** What was last shown, to say each thing once. */
  shown: string;
}

/** One conversation runs one message at a time; the rest are runs that ended. */
const MAX_RUNS = 200;
const MAX_SENT = 1_000;

export class RunEvents {
  #handlers: RunEventHandlers;
  #runs = new Map<string, Run>();
  #sent = new Set<string>();

  constructor(handlers: RunEventHandlers) {
    this.#handlers = handlers;
  }

  /** Receipts count for messages that went out here; a bot cannot acknowledge somebody else's. */
  expectReceipt(messageId: string): void {
    this.#sent.add(messageId);
    forgetOldest(this.#sent, MAX_SENT);
  }

  /** A run that somebody else found out the end of: later frames of it are noise as well. */
  markEnded(runId: string): boolean {
    const run = this.#run(runId);
    if (run.ended) return false;
    run.ended = true;
    return true;
  }

  /** The gateway's process is another one: it counts from the beginning, also for a run of the same id. */
  restarted(): void {
    this.#runs.clear();
  }

  /** One event as it came. Anything unknown or misshapen is dropped (F86). */
  take(name: string, payload: unknown): void {
    if (name === "chat") {
      const event = chatEvent.safeParse(payload).data;
      if (event) this.#chat(event);
    } else if (name === "agent") {
      const event = agentEvent.safeParse(payload).data;
      if (event?.sessionKey === MAIN_CHAT) this.#agent(event);
    } else if (name === "session.message") {
      const event = rowEvent.safeParse(payload).data;
      if (event?.sessionKey === MAIN_CHAT && event.message.role === "user")
        this.#row(event.message.idempotencyKey);
    }
  }

  #row(idempotencyKey: string | undefined): void {
    const messageId = idempotencyKey?.endsWith(":user")
      ? idempotencyKey.slice(0, -":user".length)
      : undefined;
    // The same row may be announced twice.
    if (messageId !== undefined && this.#sent.delete(messageId)) this.#handlers.onReceipt(messageId);
  }

  #chat(event: ChatEvent): void {
    if (event.sessionKey !== MAIN_CHAT) return this.#foreign(event);
    const run = this.#run(event.runId);
    if (run.ended) return;
    const { runId } = event;
    switch (event.state) {
      case "status":
        if (event.retry)
          this.#handlers.onRetry?.({
            runId,
            attempt: event.retry.attempt,
            maxAttempts: event.retry.maxAttempts,
          });
        return this.#show(runId, run, activityOf(event));
      case "delta":
        if (event.seq < run.seq) return;
        run.seq = event.seq;
        return this.#grow(runId, run, textOf(event.message));
      case "final": {
        const text = textOf(event.message) ?? "";
        if (text.trim() === "") return this.#handlers.onEmptyFinal(runId);
        run.ended = true;
        return this.#handlers.onFinal({ runId, text, stopReason: event.stopReason ?? null });
      }
      case "aborted":
        run.ended = true;
        return this.#handlers.onAborted({ runId, text: textOf(event.message) ?? run.text });
      case "error":
        run.ended = true;
        return this.#handlers.onError({ runId, ...errorOf(event) });
    }
  }

  #agent(event: AgentEvent): void {
    const run = this.#run(event.runId);
    if (run.ended) return;
    // The words come with `chat`; only that they are void is said here alone.
    if (event.stream === "assistant" && event.data.replace && event.data.text === "")
      return this.#grow(event.runId, run, "");
    this.#show(event.runId, run, activityOf(event));
  }

  #grow(runId: string, run: Run, text: string | undefined): void {
    if (text === undefined || text === run.text) return;
    const replaced = !text.startsWith(run.text);
    run.text = text;
    if (text !== "") this.#show(runId, run, null);
    this.#handlers.onDelta({ runId, text, replaced });
  }

  #show(runId: string, run: Run, activity: Activity | null | undefined): void {
    if (activity === undefined) return;
    const shown = activity === null ? "" : JSON.stringify(activity);
    if (shown === run.shown) return;
    run.shown = shown;
    this.#handlers.onActivity({ runId, activity });
  }

  #foreign(event: ChatEvent): void {
    if (event.state !== "final" || !speaksUnasked(event.sessionKey)) return;
    const text = textOf(event.message) ?? "";
    const run = this.#run(event.runId);
    if (run.ended || text.trim() === "") return;
    run.ended = true;
    this.#handlers.onForeignFinal({ runId: event.runId, sessionKey: event.sessionKey, text });
  }

  #run(runId: string): Run {
    const known = this.#runs.get(runId);
    if (known) return known;
    const run: Run = { text: "", seq: 0, ended: false, shown: "" };
    this.#runs.set(runId, run);
    forgetOldest(this.#runs, MAX_RUNS);
    return run;
  }
}

/** Scheduled runs, and events the schedule puts into the bot's own main session. Not its sub-agents. */
function speaksUnasked(sessionKey: string): boolean {
  return sessionKey.startsWith("agent:main:cron:") || sessionKey === "agent:main:main";
}

/** What the gateway says for engineers, and what a person is told instead. The first that fits counts. */
const plainWords: readonly (readonly [RegExp, string])[] = [
  [/^$/, "Something went wrong while I was answering. Please try again."],
  [/^LLM request timed out/, "The model took too long to answer. Please try again."],
  [
    /^\S+ request failed \(|^LLM request failed|^The AI service (is temporarily|returned)|^API rate limit reached/,
    "The model is not answering at the moment. This is usually over soon: please try again in a few minutes.",
  ],
];

/** The gateway's sentence, which for refusals of our own proxy is our own sentence. */
function errorOf(event: ChatEvent & { state: "error" }): { message: string; code: string } {
  const message = cleanText(event.errorMessage)
    .replace(/^⚠️\s*/u, "")
    .trim()
    .slice(0, 2_000);
  return {
    message: plainWords.find(([gateway]) => gateway.test(message))?.[1] ?? message,
    code: event.errorDetail?.providerErrorType ?? event.errorKind ?? "failed",
  };
}

function forgetOldest(known: Map<string, unknown> | Set<string>, limit: number): void {
  if (known.size <= limit) return;
  for (const oldest of known.keys()) {
    known.delete(oldest);
    return;
  }
}

/**
 * One bot's conversation: takes the oldest unanswered message, sees that the bot gets it exactly
 * once, follows the reply and stores it. One message at a time: a second one sent into a running
 * turn would be steered into it and never get an answer of its own (openclaw.md, section 6).
 *
 * Everything here can be lost at any time. What must not be lost is in the mailbox; what the bot
 * knows is asked again through its history after each reconnect.
 */
import type { Message, ServerFrame } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { type Link, type LinkHandlers, openLink } from "../link/link.ts";
import { recover } from "../link/recover.ts";
import type { Devices } from "./device.ts";
import { type ActiveRun, RunningReply } from "./running-reply.ts";
import { appendBotMessage, type BotMessage, markDelivered, selectOpen, touchBot } from "./table.ts";

export interface ConversationBot {
  id: string;
  userId: string;
  flyAppId: string;
  /** Opened from its envelope; never leaves this process. */
  gatewayToken: string;
}

/** A run that says nothing for this long is ended: OpenClaw itself waits 48 h (openclaw.md, section 8). */
const SILENT_RUN_MS = 5 * 60_000;
/** A message that the bot refuses this often will not be taken: it is closed, and the next one has its turn. */
const MAX_REFUSALS = 3;
/** The idle clock of a working bot is moved this often, not with every word. */
const TOUCH_EVERY_MS = 60_000;

const lostWords = {
  failed: "Something went wrong while I was answering. Please ask me again.",
  interrupted: "I was interrupted before I could answer. Please ask me again.",
} as const;

export class Conversation {
  readonly bot: ConversationBot;
  readonly link: Link;
  /** The bot refused our token: this line will not come back. */
  refused = false;
  #deps: Deps;
  #devices: Devices;
  #active: ActiveRun | undefined;
  /** Sent, but the connection was lost before the bot's receipt: ask its history before sending again. */
  #unsure = new Set<string>();
  #refusals = { messageId: "", count: 0 };
  #work: Promise<void> = Promise.resolve();
  #closed = false;
  #lastTouchMs = Number.NEGATIVE_INFINITY;

  constructor(deps: Deps, devices: Devices, bot: ConversationBot) {
    this.#deps = deps;
    this.#devices = devices;
    this.bot = bot;
    this.link = openLink(
      deps,
      { botId: bot.id, flyAppId: bot.flyAppId, gatewayToken: bot.gatewayToken },
      this.#handlers(),
    );
  }

  /** Looks for work. Cheap when there is none; never two looks at once. */
  wake(): void {
    this.#work = this.#work
      .then(() => this.#next())
      .catch((err: unknown) =>
        this.#deps.log.error(
          { botId: this.bot.id, err },
          "could not hand over a message, will be tried again",
        ),
      );
  }

  /** The reply being written, from its first word, for a device that joins now. */
  running(): ServerFrame | undefined {
    return this.#active && this.#active.reply.text !== "" ? this.#active.reply.whole() : undefined;
  }

  /** Ends the reply to a message. False when the bot is not at it: then nobody but the mailbox has to know. */
  async abort(messageId: string): Promise<boolean> {
    if (this.#active?.messageId !== messageId) return false;
    await this.link.abort(messageId);
    return true;
  }

  /** Called now and then: ends runs that went silent, and looks for work that an event did not announce. */
  tick(): void {
    const active = this.#active;
    if (active && this.#deps.clock.monotonicMs() - active.lastHeardMs > SILENT_RUN_MS) {
      this.#deps.log.warn(
        { botId: this.bot.id, messageId: active.messageId },
        "a run went silent and was ended",
      );
      void this.link.abort(active.messageId).catch(() => undefined); // the answer below does not depend on it
      void this.#finish(active, {
        state: "error",
        text: "I stopped because I had not made any progress for five minutes. Please try again.",
      });
      return;
    }
    if (!active) this.wake();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.link.close();
    await this.#work;
  }

  async #next(): Promise<void> {
    if (this.#closed || this.#active || this.link.state !== "open") return;
    const [message] = await selectOpen(this.#deps.db, this.bot.id, 1);
    if (!message) return;
    if (message.state === "delivered" || this.#unsure.has(message.id)) await this.#recover(message);
    else await this.#hand(message);
  }

  /** Hands over a message that the bot certainly has not seen, or has under the same key. */
  async #hand(message: Message): Promise<void> {
    this.#begin(message.id, false);
    this.#unsure.add(message.id);
    try {
      const answer = await this.link.send({ messageId: message.id, text: message.text });
      // The bot finished it before we asked: the answer is in its history.
      if (answer === "done") {
        this.#active = undefined;
        await this.#recover(message);
      }
    } catch (err) {
      this.#deps.log.warn(
        { botId: this.bot.id, messageId: message.id, err },
        "the bot did not take a message",
      );
      if (
        err instanceof AppError &&
        err.code === "upstream_failed" &&
        this.#refused(message.id) >= MAX_REFUSALS
      ) {
        const text = "I could not take this message. Please say it in another way.";
        await this.#finish(this.#active, { state: "error", text });
      }
      this.#active = undefined; // otherwise it stays queued for the next look
    }
  }

  #refused(messageId: string): number {
    const count = this.#refusals.messageId === messageId ? this.#refusals.count + 1 : 1;
    this.#refusals = { messageId, count };
    return count;
  }

  /** After a reconnect or a restart of either side: what does the bot's own history say? */
  async #recover(message: Message): Promise<void> {
    const page = await this.link.history(50);
    const found = recover(page, message.id);
    this.#deps.log.debug(
      { botId: this.bot.id, messageId: message.id, found: found.kind },
      "asked the bot about an open message",
    );
    switch (found.kind) {
      case "answered":
        this.#begin(message.id, true);
        await this.#finish(this.#active, { state: found.stopped ? "stopped" : "final", text: found.text });
        return;
      case "running":
        await this.#delivered(message.id);
        this.#begin(message.id, true);
        this.#grow(found.text);
        return;
      case "not-there":
        await this.#hand(message);
        return;
      case "lost":
        this.#begin(message.id, true);
        await this.#finish(this.#active, { state: "interrupted", text: lostWords[found.reason] });
        return;
      case "wait":
        return; // the next tick asks again
    }
  }

  #begin(messageId: string, foreignRun: boolean): void {
    const known = this.#active?.messageId === messageId ? this.#active : undefined;
    this.#active = known ?? {
      messageId,
      foreignRun,
      reply: new RunningReply(messageId),
      lastHeardMs: this.#deps.clock.monotonicMs(),
      ended: false,
    };
    this.#active.foreignRun ||= foreignRun;
  }

  /** The active run, if an event with this run id belongs to it. */
  #of(runId: string): ActiveRun | undefined {
    const active = this.#active;
    if (!active || active.ended) return undefined;
    if (runId !== active.messageId && !active.foreignRun) return undefined;
    active.lastHeardMs = this.#deps.clock.monotonicMs();
    this.#touch();
    return active;
  }

  #touch(): void {
    const now = this.#deps.clock.monotonicMs();
    if (now - this.#lastTouchMs < TOUCH_EVERY_MS) return;
    this.#lastTouchMs = now;
    void touchBot(this.#deps.db, this.bot.id).catch((err: unknown) =>
      this.#deps.log.warn({ botId: this.bot.id, err }, "could not move the idle clock"),
    );
  }

  async #delivered(messageId: string): Promise<void> {
    this.#unsure.delete(messageId);
    if (await markDelivered(this.#deps.db, this.bot.id, messageId))
      this.#tell({ t: "state", id: messageId, state: "delivered" });
  }

  #grow(text: string): void {
    const delta = this.#active?.reply.advance(text);
    if (delta) this.#tell(delta);
  }

  /** The first end of a run counts; what comes after it is noise (openclaw.md, section 6). */
  async #finish(run: ActiveRun | undefined, end: Pick<BotMessage, "state" | "text">): Promise<void> {
    if (!run || run.ended) return;
    run.ended = true;
    try {
      await this.#store({ ...end, replyTo: run.messageId });
      this.#unsure.delete(run.messageId);
    } catch (err) {
      // Not stored: the message stays open, and the bot's history still has the answer.
      this.#unsure.add(run.messageId);
      this.#deps.log.error(
        { botId: this.bot.id, messageId: run.messageId, err },
        "could not store a reply, will ask the bot again",
      );
    }
    if (this.#active === run) this.#active = undefined;
    this.wake();
  }

  async #store(message: Pick<BotMessage, "state" | "text" | "replyTo"> & { runId?: string }): Promise<void> {
    const stored = await appendBotMessage(this.#deps.db, { botId: this.bot.id, runId: null, ...message });
    if (message.replyTo) this.#tell({ t: "activity", replyTo: message.replyTo, activity: null });
    if (!stored) return;
    if (stored.replyTo) this.#tell({ t: "state", id: stored.replyTo, state: "answered" });
    this.#tell({ t: "message", message: stored });
  }

  #tell(frame: ServerFrame): void {
    this.#devices.tell(this.bot.userId, frame);
  }

  #handlers(): LinkHandlers {
    return {
      onState: (state, { refused }) => {
        this.refused = refused;
        if (state !== "open") {
          // Whatever runs is not lost, but we hear nothing of it: its history will tell.
          if (this.#active && !this.#active.ended) this.#unsure.add(this.#active.messageId);
          this.#active = undefined;
          return;
        }
        this.wake();
      },
      onReceipt: (messageId) => {
        void this.#delivered(messageId).catch((err: unknown) =>
          this.#deps.log.warn({ messageId, err }, "could not note a receipt"),
        );
      },
      onDelta: ({ runId, text }) => {
        if (this.#of(runId)) this.#grow(text);
      },
      onActivity: ({ runId, activity }) => {
        const run = this.#of(runId);
        if (run) this.#tell({ t: "activity", replyTo: run.messageId, activity });
      },
      onFinal: ({ runId, text }) => void this.#finish(this.#of(runId), { state: "final", text }),
      onAborted: ({ runId, text }) => {
        const run = this.#of(runId);
        void this.#finish(run, { state: "stopped", text: text || (run?.reply.text ?? "") });
      },
      onError: ({ runId, message }) => void this.#finish(this.#of(runId), { state: "error", text: message }),
      onForeignFinal: ({ runId, text }) => {
        void this.#store({ text, state: "final", replyTo: null, runId }).catch((err: unknown) =>
          this.#deps.log.error(
            { botId: this.bot.id, runId, err },
            "could not store what the bot said by itself",
          ),
        );
      },
    };
  }
}

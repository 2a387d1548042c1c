/**
 * The standing line from the api to one bot. It connects, subscribes, and connects again with growing
 * pauses until it is closed or the bot refuses our token. It holds no message: what was not delivered
 * is in the mailbox, what the bot knows is read again from its transcript (recover.ts).
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { type DoorAddress, gatewayAddress } from "./address.ts";
import { suspensionEvent } from "./frames.ts";
import { connect, type GatewayConnection, type RequestOptions } from "./gateway-client.ts";
import { type HistoryPage, parseHistory } from "./history.ts";
import type { ReadMethod } from "./methods.ts";
import type { BotDoor, ProbeDeps } from "./probe-gateway.ts";
import { recover } from "./recover.ts";
import { GatewayRefusal } from "./refusal.ts";
import { MAIN_CHAT, RunEvents, type RunHandlers } from "./run-events.ts";
import { guarded } from "./tell.ts";

export type LinkDeps = ProbeDeps & Pick<Deps, "log">;
export type LinkBot = BotDoor;
export type LinkState = "connecting" | "open" | "closed";

/** Called in the order of the bot's events, never after `close`. They must not throw. */
export interface LinkHandlers extends RunHandlers {
  /**
   * After "open", ask the history about every message that is not answered: what happened while there
   * was no line is not told again. "closed" with `refused` is final: the token is wrong, read it
   * again before the next link.
   */
  onState(state: LinkState, detail: { refused: boolean }): void;
  /** At each opening. `changed`: the gateway was restarted since this link last saw it. */
  onBoot?(bootId: string, changed: boolean): void;
}

export interface Link {
  readonly state: LinkState;
  /** Of the gateway's process that is or was last connected; null before the first hello. */
  readonly bootId: string | null;
  /**
   * Hands over a message of the one conversation. "started": the bot took it, which is no receipt yet;
   * "in_flight": it has it already and works; "done": it has answered it, see its history. Sending
   * the same message again is safe while `bootId` is the same; after a restart ask `recover` first.
   * @throws {AppError} `bot_unreachable`, `unavailable` (may have been taken: ask the history), `upstream_failed`
   */
  send(message: { messageId: string; text: string }): Promise<"started" | "in_flight" | "done">;
  /** Ends the reply to a message, or whatever run is going on in its place. True when there was one. */
  abort(messageId: string): Promise<boolean>;
  /** The newest rows of the conversation, oldest first; 1 to 1,000. */
  history(limit: number): Promise<HistoryPage>;
  /** One read-only question about the bot's mind; the answer is held to `shape`. */
  read<Shape extends z.ZodType>(
    method: ReadMethod,
    params: Record<string, unknown>,
    shape: Shape,
  ): Promise<z.output<Shape>>;
  /** Repeatable. No handler is called afterwards. */
  close(): Promise<void>;
}

const MIN_BACKOFF_MS = 250;
const MAX_BACKOFF_MS = 15_000;
/** A line that held this long was a good one: the next pause starts small again. */
const GOOD_LINE_MS = 30_000;

/** Starts connecting at once and returns the link; the first state is "connecting". */
export function openLink(deps: LinkDeps, bot: LinkBot, handlers: LinkHandlers): Link {
  const line = new Line(deps, bot, handlers);
  void line.run();
  return line;
}

class Line implements Link {
  state: LinkState = "connecting";
  bootId: string | null = null;
  #deps: LinkDeps;
  #bot: LinkBot;
  #handlers: LinkHandlers;
  #address: DoorAddress;
  #events: RunEvents;
  #connection: GatewayConnection | undefined;
  #closing = new AbortController();
  #helloAtMs = 0;
  /** Rises with every end of a run, so that a history that was read across one is read again. */
  #ends = 0;
  #done = Promise.withResolvers<void>();

  constructor(deps: LinkDeps, bot: LinkBot, handlers: LinkHandlers) {
    this.#deps = deps;
    this.#bot = bot;
    this.#handlers = handlers;
    this.#address = gatewayAddress(deps.config, bot.flyAppId);
    this.#events = new RunEvents(
      guarded(handlers, {
        clock: deps.clock,
        isClosed: () => this.#closing.signal.aborted,
        onEnd: () => (this.#ends += 1),
        onEmptyFinal: (runId) => void this.#explainEmptyFinal(runId),
        onFlood: () =>
          deps.log.warn({ botId: bot.botId }, "a bot speaks too often by itself, dropping its words"),
      }),
    );
  }

  async run(): Promise<void> {
    const { clock, log } = this.#deps;
    const { signal } = this.#closing;
    let pauseMs = MIN_BACKOFF_MS;
    while (!signal.aborted) {
      const beganMs = clock.monotonicMs();
      try {
        const why = await this.#hold(signal);
        if (signal.aborted) break;
        log.info({ botId: this.#bot.botId, why }, "the line to a bot broke, connecting again");
      } catch (err) {
        if (signal.aborted) break;
        if (err instanceof GatewayRefusal && err.kind === "refused") {
          log.error({ botId: this.#bot.botId, why: err.why }, "a bot refuses our token, not trying again");
          this.#enter("closed", true);
          break;
        }
        const why = err instanceof GatewayRefusal ? err.why : err;
        log.info({ botId: this.#bot.botId, why, pauseMs }, "a bot cannot be reached, trying again");
      }
      this.#enter("connecting");
      if (clock.monotonicMs() - beganMs > GOOD_LINE_MS) pauseMs = MIN_BACKOFF_MS;
      // Full jitter: the bots of a host that came back do not all call at once.
      await clock
        .sleep(Math.round(MIN_BACKOFF_MS / 2 + Math.random() * pauseMs), signal)
        .catch(() => undefined); // closed meanwhile: the loop ends
      pauseMs = Math.min(MAX_BACKOFF_MS, pauseMs * 2);
    }
    this.#done.resolve();
  }

  /** One connection from its hello to its end; answers why it ended. */
  async #hold(signal: AbortSignal): Promise<string> {
    const over = Promise.withResolvers<string>();
    const working = Promise.withResolvers<void>();
    const connection = await connect(this.#address, this.#bot.gatewayToken, {
      clock: this.#deps.clock,
      signal,
      onEvent: (name, payload) => {
        if (name === "gateway.suspension" && suspensionEvent.safeParse(payload).data?.phase === "accepting")
          working.resolve();
        this.#events.take(name, payload);
      },
      onClose: (why) => over.resolve(why),
    });
    const closed = () => over.resolve("closed by us");
    signal.addEventListener("abort", closed, { once: true });
    try {
      // A gateway that is about to be frozen takes no work; it says when it does again.
      if (connection.hello.snapshot.suspension.phase === "accepting") working.resolve();
      const ended = await Promise.race([working.promise.then(() => undefined), over.promise]);
      if (ended !== undefined) return ended;
      await connection.request("sessions.subscribe", {});
      this.#opened(connection);
      return await over.promise;
    } finally {
      signal.removeEventListener("abort", closed);
      this.#connection = undefined;
      connection.close();
    }
  }

  #opened(connection: GatewayConnection): void {
    const { bootId } = connection.hello.server;
    const changed = this.bootId !== null && this.bootId !== bootId;
    if (changed) this.#events.restarted();
    this.bootId = bootId;
    this.#helloAtMs = this.#deps.clock.monotonicMs();
    this.#connection = connection;
    this.#deps.log.info({ botId: this.#bot.botId, bootId, changed }, "the line to a bot is open");
    if (!this.#closing.signal.aborted) this.#handlers.onBoot?.(bootId, changed);
    this.#enter("open");
  }

  #enter(state: LinkState, refused = false): void {
    if (this.#closing.signal.aborted || this.state === state) return;
    this.state = state;
    this.#handlers.onState(state, { refused });
  }

  async close(): Promise<void> {
    this.state = "closed";
    this.#closing.abort();
    await this.#done.promise;
  }

  async #request<Shape extends z.ZodType>(
    method: string,
    params: Record<string, unknown>,
    { shape, ...options }: RequestOptions & { shape: Shape },
  ): Promise<z.output<Shape>> {
    if (!this.#connection)
      throw new AppError("bot_unreachable", "Your bot cannot be reached at the moment.", {
        detail: { method },
      });
    const answer = await this.#connection.request(method, params, options);
    const parsed = shape.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new AppError("upstream_failed", "Your bot gave an answer that cannot be read.", {
      cause: parsed.error,
      detail: { method },
    });
  }

  async send({
    messageId,
    text,
  }: {
    messageId: string;
    text: string;
  }): Promise<"started" | "in_flight" | "done"> {
    this.#events.expectReceipt(messageId);
    // The trace id of this frame comes out in the model calls of its run: that is how the meter knows the message.
    const traceparent = `00-${messageId.replaceAll("-", "")}-${randomBytes(8).toString("hex")}-01`;
    const params = {
      sessionKey: MAIN_CHAT,
      message: text,
      idempotencyKey: messageId,
      suppressCommandInterpretation: true,
    };
    const { status } = await this.#request("chat.send", params, { shape: sendAnswer, traceparent });
    return status === "ok" ? "done" : status;
  }

  async abort(messageId: string): Promise<boolean> {
    const own = await this.#request(
      "chat.abort",
      { sessionKey: MAIN_CHAT, runId: messageId },
      { shape: abortAnswer },
    );
    if (own.aborted) return true;
    // A turn that was resumed after a crash runs under an id of its own.
    return (await this.#request("chat.abort", { sessionKey: MAIN_CHAT }, { shape: abortAnswer })).aborted;
  }

  async history(limit: number): Promise<HistoryPage> {
    for (let reading = 1; ; reading += 1) {
      const ends = this.#ends;
      const connection = this.#connection;
      const answer = await this.#request(
        "chat.history",
        { sessionKey: MAIN_CHAT, limit },
        { shape: z.unknown() },
      );
      // A run that ended in between may be shown as running, and nobody would tell its end again.
      if (ends !== this.#ends && reading < 3) continue;
      const uptimeMs =
        (connection?.hello.snapshot.uptimeMs ?? 0) + this.#deps.clock.monotonicMs() - this.#helloAtMs;
      try {
        return parseHistory(answer, uptimeMs);
      } catch (cause) {
        throw new AppError("upstream_failed", "Your bot gave an answer that cannot be read.", {
          cause,
          detail: { method: "chat.history" },
        });
      }
    }
  }

  read<Shape extends z.ZodType>(
    method: ReadMethod,
    params: Record<string, unknown>,
    shape: Shape,
  ): Promise<z.output<Shape>> {
    return this.#request(method, params, { shape });
  }

  /** A run ended without a word; its transcript says whether the answer stands elsewhere. */
  async #explainEmptyFinal(runId: string): Promise<void> {
    try {
      const found = recover(await this.history(50), runId);
      if (found.kind === "running" || found.kind === "wait" || !this.#events.markEnded(runId)) return;
      if (this.#closing.signal.aborted) return;
      if (found.kind === "answered" && found.stopped) this.#handlers.onAborted({ runId, text: found.text });
      else if (found.kind === "answered" && found.text !== "")
        this.#handlers.onFinal({ runId, text: found.text, stopReason: null });
      else
        this.#handlers.onError({
          runId,
          code: "no_reply",
          message: "I have no answer to this. Please try again.",
        });
    } catch (err) {
      // The line broke or the answer was odd: whoever waits for this run asks the history after the next opening.
      this.#deps.log.warn({ botId: this.#bot.botId, runId, err }, "could not find out what became of a run");
    }
  }
}

const sendAnswer = z.object({ status: z.enum(["started", "in_flight", "ok"]) });
const abortAnswer = z.object({ aborted: z.boolean().default(false) });

/**
 * One conversation on one device: the transcript, the socket under it, the cache below both. Screens
 * read the store and call the verbs. Lives as long as somebody is signed in, not as long as a screen.
 */
import { listMessages, type BotView, type BudgetView, type ServerFrame } from "@molt/contract";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Api } from "../session/api.ts";
import { readMessages, readOutbox, writeMessages, writeOutbox } from "./cache.ts";
import type { ConnectionState, Phase } from "./connection.ts";
import { ChatSocket } from "./socket.ts";
import { empty, heldSeq, reduce, toSend, type Deed, type Transcript } from "./transcript.ts";

export interface ChatState {
  readonly transcript: Transcript;
  /** What is spent and what may be, as last told. Null until then, and for a bot without one. */
  readonly budget: BudgetView | null;
  readonly phase: Phase;
  /** When the socket was lost; null while it is live or was never. */
  readonly lostAt: number | null;
  readonly loadingOlder: boolean;
  /** Nothing is known yet: neither cache nor api has spoken. */
  readonly blank: boolean;
}

export interface ChatDeps {
  readonly userId: string;
  readonly url: string;
  readonly api: Pick<Api, "call">;
  token(fresh: boolean): Promise<string | null>;
  readonly WebSocket: typeof WebSocket;
  newId(): string;
  now(): Date;
}

const pageSize = 50;
const saveAfterMs = 300;
const atFirst: ChatState = {
  transcript: empty,
  budget: null,
  phase: "off",
  lostAt: null,
  loadingOlder: false,
  blank: true,
};

export class ChatClient {
  readonly store: StoreApi<ChatState> = createStore<ChatState>(() => atFirst);
  readonly #deps: ChatDeps;
  readonly #socket: ChatSocket;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;
  #running = false;

  constructor(deps: ChatDeps) {
    this.#deps = deps;
    this.#socket = new ChatSocket({
      url: deps.url,
      token: deps.token,
      WebSocket: deps.WebSocket,
      after: () => heldSeq(this.#transcript),
      onFrame: (frame) => this.#onFrame(frame),
      onState: (state) => this.#onState(state),
    });
  }

  /** Safe to call again. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    void this.#begin();
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#saveTimer);
    this.#socket.stop();
  }

  nudge(): void {
    this.#socket.nudge();
  }

  send(text: string): void {
    this.#act({ type: "write", clientId: this.#deps.newId(), text, at: this.#deps.now().toISOString() });
    this.#flush();
  }

  retry(clientId: string): void {
    this.#act({ type: "retry", clientId });
    this.#flush();
  }

  discard(clientId: string): void {
    this.#act({ type: "discard", clientId });
  }

  /** Stops the reply to this message. Sent again after a lost socket until the mailbox has the stopped reply. */
  abort(messageId: string): void {
    this.#act({ type: "stop", messageId });
    this.#socket.send({ t: "abort", messageId });
  }

  wake(): void {
    this.#socket.send({ t: "wake" });
  }

  dismiss(): void {
    this.#act({ type: "dismiss" });
  }

  /** Whether this message is on this device, so that the list can show it. */
  holds(messageId: string): boolean {
    return this.#transcript.messages.some((message) => message.id === messageId);
  }

  /** The bot as another answer of the api saw it. */
  learnBot(bot: BotView | null): void {
    this.#act({ type: "bot", bot });
  }

  /** The budget as another answer of the api told it, or as it is about to be. */
  learnBudget(budget: BudgetView): void {
    // The same figures again are no news: screens ask the api when this changes.
    if (JSON.stringify(budget) !== JSON.stringify(this.store.getState().budget))
      this.store.setState({ budget });
  }

  /** A page before the oldest message. Quiet on failure: the list asks again when it is scrolled again. */
  async loadOlder(): Promise<void> {
    const { hasMore, messages } = this.#transcript;
    const first = messages[0]?.seq;
    if (this.store.getState().loadingOlder || hasMore === false || first === undefined || first <= 1) return;
    await this.#loadPage(first);
  }

  get #transcript(): Transcript {
    return this.store.getState().transcript;
  }

  #act(deed: Deed): void {
    const before = this.#transcript;
    const next = reduce(before, deed);
    if (next === before) return;
    this.store.setState({ transcript: next });
    if (next.pending !== before.pending) writeOutbox(this.#deps.userId, next.pending);
    if (next.messages !== before.messages) this.#saveSoon();
  }

  #saveSoon(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = setTimeout(
      () => writeMessages(this.#deps.userId, this.#transcript.messages),
      saveAfterMs,
    );
  }

  #onState(state: ConnectionState): void {
    const before = this.store.getState();
    if (before.phase === "live" && state.phase !== "live") this.#act({ type: "lost" });
    const well = state.phase === "live" || state.phase === "off";
    this.store.setState({
      phase: state.phase,
      lostAt: well ? null : (before.lostAt ?? this.#deps.now().getTime()),
    });
  }

  #onFrame(frame: ServerFrame): void {
    if (frame.t === "budget") this.learnBudget(frame.budget);
    this.#act({ type: "frame", frame, at: this.#deps.now().toISOString() });
    if (this.#transcript.gap) return this.#socket.gap();
    if (frame.t !== "welcome") return;
    this.store.setState({ blank: false });
    const { stopped } = this.#transcript;
    if (stopped !== null) this.#socket.send({ t: "abort", messageId: stopped });
    this.#flush();
  }

  #flush(): void {
    const sent = toSend(this.#transcript).filter((p) =>
      this.#socket.send({ t: "send", clientId: p.clientId, text: p.text }),
    );
    if (sent.length > 0) this.#act({ type: "sent", clientIds: sent.map((p) => p.clientId) });
  }

  /** A device that knows nothing asks for the newest page first, not for the whole mailbox frame by frame. */
  async #begin(): Promise<void> {
    const messages = readMessages(this.#deps.userId);
    this.#act({ type: "restored", messages, pending: readOutbox(this.#deps.userId) });
    if (messages.length === 0) await this.#loadPage(undefined);
    else this.store.setState({ blank: false });
    if (this.#running) this.#socket.start();
  }

  async #loadPage(before: number | undefined): Promise<void> {
    this.store.setState({ loadingOlder: true });
    try {
      const page = await this.#deps.api.call(listMessages, {
        limit: pageSize,
        ...(before !== undefined && { before }),
      });
      this.#act({ type: "page", ...page });
      this.store.setState({ blank: false });
    } catch {
      // The socket's replay brings what is missing; an older page is asked for again on the next scroll.
    } finally {
      this.store.setState({ loadingOlder: false });
    }
  }
}

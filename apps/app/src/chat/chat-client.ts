/**
 * One conversation on one device: the transcript, the socket under it, the cache below both. Screens
 * read the store and call the verbs. Lives as long as somebody is signed in, not as long as a screen.
 */
import { listMessages, type BotView, type ServerFrame } from "@molt/contract";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Api } from "../session/api.ts";
import { readMessages, readOutbox, writeMessages, writeOutbox } from "./cache.ts";
import type { Phase } from "./connection.ts";
import { createSocket, type ChatSocket } from "./socket.ts";
import { empty, heldSeq, reduce, toSend, type Deed, type Transcript } from "./transcript.ts";

export interface ChatState {
  readonly transcript: Transcript;
  readonly phase: Phase;
  /** When the socket was lost; null while it is live or was never. */
  readonly lostAt: number | null;
  readonly loadingOlder: boolean;
  /** Nothing is known yet: neither cache nor api has spoken. */
  readonly blank: boolean;
}

export interface ChatClient {
  readonly store: StoreApi<ChatState>;
  start(): void;
  stop(): void;
  nudge(): void;
  send(text: string): void;
  retry(clientId: string): void;
  discard(clientId: string): void;
  abort(messageId: string): void;
  wake(): void;
  dismiss(): void;
  /** A page before the oldest message. Quiet on failure: the list asks again when it is scrolled again. */
  loadOlder(): Promise<void>;
  /** The bot as another answer of the api saw it. */
  learnBot(bot: BotView | null): void;
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

export function createChatClient(deps: ChatDeps): ChatClient {
  const store = createStore<ChatState>(() => ({
    transcript: empty,
    phase: "off",
    lostAt: null,
    loadingOlder: false,
    blank: true,
  }));
  const transcript = () => store.getState().transcript;
  let saveTimer: ReturnType<typeof setTimeout> | undefined;
  let running = false;

  const socket: ChatSocket = createSocket({
    url: deps.url,
    token: deps.token,
    WebSocket: deps.WebSocket,
    after: () => heldSeq(transcript()),
    onFrame,
    onState(state) {
      const wasLive = store.getState().phase === "live";
      if (wasLive && state.phase !== "live") act({ type: "lost" });
      const lostAt =
        state.phase === "live" || state.phase === "off"
          ? null
          : (store.getState().lostAt ?? deps.now().getTime());
      store.setState({ phase: state.phase, lostAt });
    },
  });

  function act(deed: Deed): void {
    const next = reduce(transcript(), deed);
    if (next === transcript()) return;
    const { messages, pending } = transcript();
    store.setState({ transcript: next });
    if (next.pending !== pending) writeOutbox(deps.userId, next.pending);
    if (next.messages !== messages) saveSoon();
  }

  function saveSoon(): void {
    clearTimeout(saveTimer);
    saveTimer = setTimeout(() => writeMessages(deps.userId, transcript().messages), saveAfterMs);
  }

  function onFrame(frame: ServerFrame): void {
    act({ type: "frame", frame, at: deps.now().toISOString() });
    if (transcript().gap) return socket.gap();
    if (frame.t !== "welcome") return;
    store.setState({ blank: false });
    const { stopped } = transcript();
    if (stopped !== null) socket.send({ t: "abort", messageId: stopped });
    flush();
  }

  function flush(): void {
    const sent = toSend(transcript()).filter((p) =>
      socket.send({ t: "send", clientId: p.clientId, text: p.text }),
    );
    if (sent.length > 0) act({ type: "sent", clientIds: sent.map((p) => p.clientId) });
  }

  /** A device that knows nothing asks for the newest page first, not for the whole mailbox frame by frame. */
  async function begin(): Promise<void> {
    const messages = readMessages(deps.userId);
    act({ type: "restored", messages, pending: readOutbox(deps.userId) });
    if (messages.length === 0) await loadPage(undefined);
    else store.setState({ blank: false });
    if (running) socket.start();
  }

  async function loadPage(before: number | undefined): Promise<void> {
    store.setState({ loadingOlder: true });
    try {
      const page = await deps.api.call(listMessages, {
        limit: pageSize,
        ...(before !== undefined && { before }),
      });
      act({ type: "page", ...page });
      store.setState({ blank: false });
    } catch {
      // The socket's replay brings what is missing; an older page is asked for again on the next scroll.
    } finally {
      store.setState({ loadingOlder: false });
    }
  }

  return {
    store,
    start() {
      if (running) return;
      running = true;
      void begin();
    },
    stop() {
      running = false;
      clearTimeout(saveTimer);
      socket.stop();
    },
    nudge: () => socket.nudge(),
    send(text) {
      act({ type: "write", clientId: deps.newId(), text, at: deps.now().toISOString() });
      flush();
    },
    retry(clientId) {
      act({ type: "retry", clientId });
      flush();
    },
    discard: (clientId) => act({ type: "discard", clientId }),
    abort(messageId) {
      act({ type: "stop", messageId });
      socket.send({ t: "abort", messageId });
    },
    wake: () => void socket.send({ t: "wake" }),
    dismiss: () => act({ type: "dismiss" }),
    async loadOlder() {
      const { loadingOlder } = store.getState();
      const { hasMore, messages } = transcript();
      const first = messages[0]?.seq;
      if (loadingOlder || hasMore === false || first === undefined || first <= 1) return;
      await loadPage(first);
    },
    learnBot: (bot) => act({ type: "bot", bot }),
  };
}

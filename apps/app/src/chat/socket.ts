/** Obeys connection.ts with a real WebSocket, a real clock and a real token. */
import { serverFrame, type ClientFrame, type ServerFrame } from "@molt/contract";
import {
  closeNotSignedIn,
  off,
  step,
  type ConnectionEvent,
  type ConnectionState,
  type Effect,
} from "./connection.ts";

export interface SocketDeps {
  /** ws:// or wss:// address of /chat. */
  readonly url: string;
  /** Null when signed out. Throws when that cannot be found out. */
  token(fresh: boolean): Promise<string | null>;
  /** The last sequence number this device holds; asked at each hello. */
  after(): number;
  onFrame(frame: ServerFrame): void;
  onState(state: ConnectionState): void;
  readonly WebSocket: typeof WebSocket;
}

export interface ChatSocket {
  start(): void;
  stop(): void;
  nudge(): void;
  /** The running reply has a hole: begin again from what is stored. */
  gap(): void;
  /** False when the socket is not live; the caller keeps what it wanted to send. */
  send(frame: ClientFrame): boolean;
}

/** A try that ended before there was a socket: the sign-in service could not be reached. */
const closeSilent = 1006;

export function createSocket(deps: SocketDeps): ChatSocket {
  let state: ConnectionState = off;
  let socket: WebSocket | null = null;
  let token = "";
  let timer: ReturnType<typeof setTimeout> | undefined;

  function handle(event: ConnectionEvent): void {
    const next = step(state, event, Math.random());
    const changed = next.state !== state;
    state = next.state;
    for (const effect of next.effects) obey(effect);
    if (changed) deps.onState(state);
  }

  function obey(effect: Effect): void {
    switch (effect.do) {
      case "open":
        return void open(effect.freshToken);
      case "hello":
        return write({ t: "hello", token, after: deps.after() });
      case "ping":
        return write({ t: "ping" });
      case "close":
        return drop();
      case "timer":
        clearTimeout(timer);
        timer = setTimeout(() => handle({ type: "timer" }), effect.ms);
        return;
      case "clear-timer":
        return clearTimeout(timer);
    }
  }

  function drop(): void {
    const old = socket;
    socket = null;
    old?.close();
  }

  async function open(fresh: boolean): Promise<void> {
    drop();
    const mine = await deps.token(fresh).catch(() => undefined);
    if (state.phase !== "opening") return;
    if (mine === undefined) return handle({ type: "closed", code: closeSilent });
    if (mine === null) return handle({ type: "closed", code: closeNotSignedIn });
    token = mine;
    const ws = new deps.WebSocket(deps.url);
    socket = ws;
    ws.onopen = () => ws === socket && handle({ type: "opened" });
    ws.onclose = (event) => {
      if (ws !== socket) return;
      socket = null;
      handle({ type: "closed", code: event.code });
    };
    ws.onmessage = (event) => ws === socket && receive(event.data);
  }

  function receive(data: unknown): void {
    const frame = serverFrame.safeParse(typeof data === "string" ? parse(data) : undefined);
    // A frame of a newer api is no reason to lose the ones we know.
    if (!frame.success) return handle({ type: "heard" });
    handle({ type: frame.data.t === "welcome" ? "welcome" : "heard" });
    if (frame.data.t === "reauth") return void reauthenticate();
    deps.onFrame(frame.data);
  }

  async function reauthenticate(): Promise<void> {
    const fresh = await deps.token(true).catch(() => null);
    // Without a fresh token the api closes at the old one's end, and the table takes it from there.
    if (fresh !== null) write({ t: "auth", token: fresh });
  }

  function write(frame: ClientFrame): void {
    if (socket?.readyState === 1) socket.send(JSON.stringify(frame));
  }

  return {
    start: () => handle({ type: "start" }),
    stop: () => handle({ type: "stop" }),
    nudge: () => handle({ type: "nudge" }),
    gap: () => handle({ type: "gap" }),
    send(frame) {
      if (state.phase !== "live" || socket?.readyState !== 1) return false;
      socket.send(JSON.stringify(frame));
      return true;
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is an unknown frame like any other: serverFrame refuses undefined.
    return undefined;
  }
}

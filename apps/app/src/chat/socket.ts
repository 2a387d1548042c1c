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

/** A try that ended before there was a socket: the sign-in service could not be reached. */
const closeSilent = 1006;

export class ChatSocket {
  readonly #deps: SocketDeps;
  #state: ConnectionState = off;
  #socket: WebSocket | null = null;
  #token = "";
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(deps: SocketDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#handle({ type: "start" });
  }

  stop(): void {
    this.#handle({ type: "stop" });
  }

  /** The network is back, the page is seen, or somebody pressed Retry. */
  nudge(): void {
    this.#handle({ type: "nudge" });
  }

  /** The running reply has a hole: begin again from what is stored. */
  gap(): void {
    this.#handle({ type: "gap" });
  }

  /** False when the socket is not live; the caller keeps what it wanted to send. */
  send(frame: ClientFrame): boolean {
    return this.#state.phase === "live" && this.#write(frame);
  }

  #handle(event: ConnectionEvent): void {
    const next = step(this.#state, event, Math.random());
    const changed = next.state !== this.#state;
    this.#state = next.state;
    for (const effect of next.effects) this.#obey(effect);
    if (changed) this.#deps.onState(this.#state);
  }

  #obey(effect: Effect): void {
    switch (effect.do) {
      case "open":
        void this.#open(effect.freshToken);
        return;
      case "hello":
        this.#write({ t: "hello", token: this.#token, after: this.#deps.after() });
        return;
      case "ping":
        this.#write({ t: "ping" });
        return;
      case "close":
        this.#drop();
        return;
      case "timer":
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => this.#handle({ type: "timer" }), effect.ms);
        return;
      case "clear-timer":
        clearTimeout(this.#timer);
    }
  }

  #drop(): void {
    const old = this.#socket;
    this.#socket = null;
    old?.close();
  }

  async #open(fresh: boolean): Promise<void> {
    this.#drop();
    const mine = await this.#deps.token(fresh).catch(() => undefined);
    if (this.#state.phase !== "opening" || this.#socket !== null) return;
    if (mine === undefined) return this.#handle({ type: "closed", code: closeSilent });
    if (mine === null) return this.#handle({ type: "closed", code: closeNotSignedIn });
    this.#token = mine;
    this.#listen(new this.#deps.WebSocket(this.#deps.url));
  }

  /** A socket that was replaced meanwhile speaks to nobody. */
  #listen(ws: WebSocket): void {
    this.#socket = ws;
    ws.onopen = () => {
      if (ws === this.#socket) this.#handle({ type: "opened" });
    };
    ws.onclose = (event) => {
      if (ws !== this.#socket) return;
      this.#socket = null;
      this.#handle({ type: "closed", code: event.code });
    };
    ws.onmessage = (event) => {
      if (ws === this.#socket) this.#receive(event.data);
    };
  }

  #receive(data: unknown): void {
    const frame = serverFrame.safeParse(typeof data === "string" ? parse(data) : undefined);
    // A frame of a newer api is no reason to lose the ones we know.
    if (!frame.success) return this.#handle({ type: "heard" });
    this.#handle({ type: frame.data.t === "welcome" ? "welcome" : "heard" });
    if (frame.data.t === "reauth") void this.#reauthenticate();
    else this.#deps.onFrame(frame.data);
  }

  async #reauthenticate(): Promise<void> {
    const fresh = await this.#deps.token(true).catch(() => null);
    // Without a fresh token the api closes at the old one's end, and the table takes it from there.
    if (fresh !== null) this.#write({ t: "auth", token: fresh });
  }

  #write(frame: ClientFrame): boolean {
    if (this.#socket?.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is an unknown frame like any other: serverFrame refuses undefined.
    return undefined;
  }
}

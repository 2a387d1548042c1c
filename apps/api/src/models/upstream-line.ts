/** One connection to a provider: at most one call at a time, kept for the next when the answer ended well. */
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type AnswerHead, BrokenAnswer, HttpAnswerReader, isEventStream } from "./http-answer.ts";

/** A limit of ours ended the call, not the provider: it has the question, and may work on and bill for it. */
export class TimedOut extends Error {
  override name = "TimedOut";
}

/** Where a provider is reached. */
export interface Origin {
  host: string;
  port: number;
  isTls: boolean;
  /** What a TLS handshake left behind that makes the next one shorter. */
  session: Buffer | undefined;
}

/** What happens to one call on its connection, in order. After `end` or `fail` comes nothing more. */
export interface LineEvents {
  head(head: AnswerHead): void;
  body(bytes: Buffer): void;
  end(): void;
  fail(error: Error): void;
}

export interface LineOptions {
  /**
   * How long a connection may be silent within a stream: there, providers say `ping`. Before an answer
   * begins, and in one that comes in one piece, a provider may think for as long as the call may last.
   */
  silentMs: number;
  /** It can carry another call. */
  onIdle(line: UpstreamLine): void;
  /** It never can again. */
  onClosed(line: UpstreamLine): void;
}

/** What is read goes through here, of all connections: nothing is kept in it beyond one read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
const CONNECT_MS = 10_000;
/** After so long without a byte TCP asks whether there is still somebody, and keeps the way through open. */
const PROBE_MS = 30_000;
/** How long a connection waits for its next call, where the provider does not say less. */
const IDLE_MS = 60_000;
/** A body up to this goes out in one piece with its head. */
const SMALL_BYTES = 64 * 1024;

export class UpstreamLine {
  readonly #socket: Socket;
  readonly #reader: HttpAnswerReader;
  readonly #isIdle: (line: UpstreamLine) => void;
  #call: LineEvents | undefined;
  #connecting: NodeJS.Timeout | undefined;
  #isOpen = false;
  #idleMs = IDLE_MS;
  #isPaused = false;
  #isClosed = false;

  constructor(origin: Origin, { silentMs, onIdle, onClosed }: LineOptions) {
    this.#isIdle = onIdle;
    this.#reader = new HttpAnswerReader({
      head: (head) => {
        this.#idleMs = idleMs(head.headers["keep-alive"]);
        if (isEventStream(head.headers)) this.#socket.setTimeout(silentMs);
        this.#call?.head(head);
      },
      body: (bytes) => this.#call?.body(bytes),
      end: (isReusable) => this.#end(isReusable),
    });
    this.#socket = open(origin, (size) => this.#read(size));
    this.#connecting = setTimeout(
      () => this.destroy(new Error("the provider could not be connected in time")),
      CONNECT_MS,
    );
    this.#socket
      .once(origin.isTls ? "secureConnect" : "connect", () => {
        this.#isOpen = true;
        clearTimeout(this.#connecting);
      })
      .setTimeout(IDLE_MS, () => this.giveUp("the provider was silent for too long"))
      .on("end", () => {
        this.#reader.close(); // an answer may end with its connection
        this.destroy(new Error("the provider closed the connection"));
      })
      .on("error", (error) => this.#fail(error))
      .on("close", () => {
        this.#isClosed = true;
        clearTimeout(this.#connecting);
        this.#fail(new Error("the provider closed the connection"));
        onClosed(this);
      });
  }

  get isClosed(): boolean {
    return this.#isClosed || this.#socket.destroyed;
  }

  /** Takes the one call that this connection carries next. The body goes out as it is. */
  send(head: string, body: Buffer, call: LineEvents): void {
    this.#call = call;
    this.#reader.begin();
    this.#socket.setTimeout(0); // the call's deadline holds until a stream begins
    if (body.length <= SMALL_BYTES) {
      const bytes = Buffer.allocUnsafe(head.length + body.length);
      bytes.write(head, "latin1");
      body.copy(bytes, head.length);
      this.#socket.write(bytes);
      return;
    }
    this.#socket.cork();
    this.#socket.write(head, "latin1");
    this.#socket.write(body);
    this.#socket.uncork();
  }

  /** It was taken and is not needed. */
  release(): void {
    this.resume();
    this.#socket.setTimeout(this.#idleMs);
    this.#isIdle(this);
  }

  pause(): void {
    if (this.#isPaused) return;
    this.#isPaused = true;
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#socket.resume();
  }

  /** We wait no longer. What the provider was not asked yet, it cannot have done. */
  giveUp(why: string): void {
    const isAsked = this.#isOpen && this.#socket.writableLength === 0;
    this.destroy(isAsked ? new TimedOut(why) : new Error(why));
  }

  destroy(error: Error): void {
    this.#fail(error);
    this.#isClosed = true;
    this.#socket.destroy();
  }

  #read(size: number): void {
    try {
      if (!this.#call) throw new BrokenAnswer("an answer that nobody asked for");
      this.#reader.push(READ_BUFFER.subarray(0, size));
    } catch (error) {
      if (!(error instanceof BrokenAnswer)) throw error;
      this.destroy(error);
    }
  }

  #end(isReusable: boolean): void {
    const call = this.#call;
    this.#call = undefined;
    // An answer that came before the whole question was sent leaves the rest of it on the line.
    const isFree = isReusable && this.#socket.writableLength === 0 && !this.isClosed;
    if (isFree) this.release();
    else this.destroy(new Error("the connection carries no other call"));
    call?.end();
  }

  #fail(error: Error): void {
    const call = this.#call;
    this.#call = undefined;
    call?.fail(error);
  }
}

function open(origin: Origin, onRead: (size: number) => void): Socket {
  const onread = {
    buffer: READ_BUFFER,
    callback(size: number): boolean {
      onRead(size);
      return true;
    },
  };
  const { host, port, isTls, session } = origin;
  const probe = { keepAlive: true, keepAliveInitialDelay: PROBE_MS };
  const common = { host, port, noDelay: true, ...probe, autoSelectFamily: true, onread };
  if (!isTls) return connect(common);
  const socket: TLSSocket = connectTls({
    ...common,
    ...(isIP(host) === 0 ? { servername: host } : {}),
    ...(session ? { session } : {}),
    ALPNProtocols: ["http/1.1"],
  });
  return socket.on("session", (fresh: Buffer) => {
    origin.session = fresh;
  });
}

/** A second less than the provider says, so that no call is sent into a connection that is being closed. */
function idleMs(keepAlive: string | undefined): number {
  const seconds = /\btimeout=(\d{1,6})/.exec(keepAlive ?? "")?.[1];
  return seconds === undefined ? IDLE_MS : Math.max(1, Math.min(IDLE_MS, Number(seconds) * 1_000 - 1_000));
}

/** One connection to a provider: at most one call at a time, kept for the next when the answer ended well. */
import { connect, isIP, type Socket } from "node:net";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { type AnswerHead, BrokenAnswer, HttpAnswerReader } from "./http-answer.ts";

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

/** What is read goes through here, of all connections: nothing is kept in it beyond one read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
const CONNECT_MS = 10_000;
/** A provider may think for long before its first byte, and says `ping` while it streams. */
const SILENT_MS = 180_000;
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
  #idleMs = IDLE_MS;
  #isPaused = false;
  #isClosed = false;

  /** @param onIdle it can carry another call; `onClosed` never again. */
  constructor(
    origin: Origin,
    { onIdle, onClosed }: Record<"onIdle" | "onClosed", (line: UpstreamLine) => void>,
  ) {
    this.#isIdle = onIdle;
    this.#reader = new HttpAnswerReader({
      head: (head) => {
        this.#idleMs = idleMs(head.headers["keep-alive"]);
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
      .once(origin.isTls ? "secureConnect" : "connect", () => clearTimeout(this.#connecting))
      .setTimeout(SILENT_MS, () => this.destroy(new Error("the provider was silent for too long")))
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
    this.#socket.setTimeout(SILENT_MS);
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
  const common = { host, port, noDelay: true, keepAlive: true, autoSelectFamily: true, onread };
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

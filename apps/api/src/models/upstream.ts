/**
 * The request to the provider: our key in, everything that is the bot's own out. Plain sockets with
 * kept connections and a reader of our own; no fetch and no web streams on this path (reference:
 * performance, section 3).
 */
import type { IncomingHttpHeaders } from "node:http";
import type { AnswerHead } from "./http-answer.ts";
import type { Provider } from "./providers.ts";
import { type LineEvents, type Origin, UpstreamLine } from "./upstream-line.ts";

/** Names that may pass to the provider. Everything else (keys, cookies, trace, addresses) stays here. */
const TO_PROVIDER = ["accept", "anthropic-version", "anthropic-beta", "openai-beta", "user-agent"];
/** Features behind Anthropic's beta header that change how an answer is made, and not what is billed. */
const PRICED_BETAS =
  /^(interleaved-thinking|fine-grained-tool-streaming|token-efficient-tools|prompt-caching|extended-cache-ttl|context-management|output-128k|structured-outputs|computer-use|effort)-\d{4}-\d{2}-\d{2}$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Connections over all providers. */
export const MAX_LINES = 2_000;
/** Of one provider those that wait for a call. */
const MAX_FREE_LINES = 128;

export interface UpstreamLimits {
  lines: number;
  /** One provider that hangs leaves room for the others. */
  linesPerProvider: number;
  /** LineOptions.silentMs */
  silentMs: number;
}

const LIMITS: UpstreamLimits = { lines: MAX_LINES, linesPerProvider: 1_000, silentMs: 180_000 };

export interface Target {
  provider: Provider;
  key: string;
}

export interface OutgoingMessage {
  path: string;
  /** The bot's; only a few pass. */
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** Takes an answer's body as it comes, and learns how it ended. */
export interface AnswerSink {
  data(bytes: Buffer): void;
  end(): void;
  /** @param error a TimedOut when it was us. */
  cut(error: Error): void;
}

/** A provider's answer. Its body waits until somebody takes it. */
export interface UpstreamAnswer extends AnswerHead {
  /** From now on everything goes there, what has come already first. */
  pipe(sink: AnswerSink): void;
  pause(): void;
  resume(): void;
  /** Cuts it: nobody wants the rest. */
  destroy(): void;
}

/** A connection set apart for one call, which may still be opening. Use it or release it. */
export interface ReservedLine {
  /**
   * Resolves with the answer's head. Rejects when there is none: not reached, cut, or (with TimedOut)
   * not there after `deadlineMs`. An answer that is not over by then is cut.
   */
  send(message: OutgoingMessage, deadlineMs: number): Promise<UpstreamAnswer>;
  /** Does nothing once something was sent. */
  release(): void;
}

interface Pool {
  origin: Origin;
  /** `host` of the requests. */
  authority: string;
  basePath: string;
  /** All connections there, and those of them that wait for a call. */
  lines: number;
  free: UpstreamLine[];
}

export class Upstream {
  readonly #pools = new Map<string, Pool>();
  readonly #lines = new Set<UpstreamLine>();
  readonly #limits: UpstreamLimits;
  #isClosed = false;

  constructor(limits: Partial<UpstreamLimits> = {}) {
    this.#limits = { ...LIMITS, ...limits };
  }

  /** @throws {Error} when there are too many connections already. */
  reserve(target: Target): ReservedLine {
    const pool = this.#poolOf(target.provider.baseUrl);
    const line = this.#take(pool);
    let isUsed = false;
    return {
      send: async (message, deadlineMs) => {
        const head = requestHead(pool, target, message);
        const usable = line.isClosed ? this.#take(pool) : line; // it may have been closed meanwhile
        isUsed = true;
        return sendOn(usable, head, { body: message.body, deadlineMs });
      },
      release() {
        if (!isUsed && !line.isClosed) line.release();
        isUsed = true;
      },
    };
  }

  close(): void {
    this.#isClosed = true;
    // A limit of ours: a provider that was asked may be at work, and bills for it.
    for (const line of this.#lines) line.giveUp("the proxy stops");
  }

  #take(pool: Pool): UpstreamLine {
    for (let line = pool.free.pop(); line; line = pool.free.pop()) if (!line.isClosed) return line;
    const { lines, linesPerProvider, silentMs } = this.#limits;
    if (pool.lines >= linesPerProvider) throw new Error("too many connections to one provider");
    if (this.#lines.size >= lines) throw new Error("too many connections to providers");
    pool.lines += 1;
    const line = new UpstreamLine(pool.origin, {
      silentMs,
      onIdle: (idle) => {
        if (this.#isClosed || pool.free.length >= MAX_FREE_LINES)
          idle.destroy(new Error("not needed any more"));
        else pool.free.push(idle);
      },
      onClosed: (closed) => {
        this.#lines.delete(closed);
        pool.lines -= 1;
        const at = pool.free.indexOf(closed);
        if (at !== -1) pool.free.splice(at, 1);
      },
    });
    this.#lines.add(line);
    return line;
  }

  #poolOf(baseUrl: string): Pool {
    const known = this.#pools.get(baseUrl);
    if (known) return known;
    const url = new URL(baseUrl);
    const isTls = url.protocol === "https:";
    const port = url.port === "" ? (isTls ? 443 : 80) : Number(url.port);
    const origin: Origin = { host: url.hostname.replace(/^\[|\]$/g, ""), port, isTls, session: undefined };
    const basePath = url.pathname.replace(/\/$/, "");
    const pool: Pool = { origin, authority: url.host, basePath, lines: 0, free: [] };
    this.#pools.set(baseUrl, pool);
    return pool;
  }
}

function sendOn(
  line: UpstreamLine,
  head: string,
  { body, deadlineMs }: { body: Buffer; deadlineMs: number },
): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const deadline = setTimeout(() => line.giveUp("the call took too long"), deadlineMs);
    let answer: Answer | undefined;
    const call: LineEvents = {
      head(found) {
        answer = new Answer(line, found);
        resolve(answer);
      },
      body: (bytes) => answer?.data(bytes),
      end() {
        clearTimeout(deadline);
        answer?.end();
      },
      fail(error) {
        clearTimeout(deadline);
        if (answer) answer.cut(error);
        else reject(error);
      },
    };
    line.send(head, body, call);
  });
}

/** Keeps what comes before somebody takes it, and how it ended. */
class Answer implements UpstreamAnswer, AnswerSink {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly #line: UpstreamLine;
  #waiting: Buffer[] = [];
  #sink: AnswerSink | undefined;
  #ending: "end" | Error | undefined;

  constructor(line: UpstreamLine, { status, headers }: AnswerHead) {
    this.#line = line;
    this.status = status;
    this.headers = headers;
  }

  pipe(sink: AnswerSink): void {
    this.#sink = sink;
    for (const bytes of this.#waiting) sink.data(bytes);
    this.#waiting = [];
    if (this.#ending === "end") sink.end();
    else if (this.#ending) sink.cut(this.#ending);
  }

  data(bytes: Buffer): void {
    if (this.#sink) this.#sink.data(bytes);
    else this.#waiting.push(bytes);
  }

  end(): void {
    this.#ending = "end";
    this.#sink?.end();
  }

  cut(error: Error): void {
    this.#ending = error;
    this.#sink?.cut(error);
  }

  pause(): void {
    if (!this.#ending) this.#line.pause();
  }

  resume(): void {
    if (!this.#ending) this.#line.resume();
  }

  destroy(): void {
    if (!this.#ending) this.#line.destroy(new Error("nobody wants the rest"));
  }
}

/** The whole body. Rejects when the answer is cut, or larger than `maxBytes`. */
export function readWhole(answer: UpstreamAnswer, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    answer.pipe({
      data(bytes) {
        size += bytes.length;
        if (size <= maxBytes) chunks.push(bytes);
        else {
          reject(new Error("the answer is too large"));
          answer.destroy();
        }
      },
      end: () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)),
      cut: (cause) => reject(new Error("the answer was cut", { cause })),
    });
  });
}

/** @throws {Error} when a value would end its line: no header of anybody's making gets in. */
function requestHead(
  { authority, basePath }: Pool,
  { provider, key }: Target,
  { path, headers, body }: OutgoingMessage,
): string {
  // Compressed answers could not be read on the way.
  let head = `POST ${basePath}${path} HTTP/1.1\r\nhost: ${authority}\r\ncontent-length: ${body.length}\r\naccept-encoding: identity\r\n`;
  const add = (name: string, value: string) => {
    if (!HEADER_VALUE.test(value)) throw new Error(`the header ${name} cannot be sent`);
    head += `${name}: ${value}\r\n`;
  };
  // Whatever the bot calls it: as something else the provider might read another request than was weighed.
  add("content-type", "application/json");
  for (const name of TO_PROVIDER) {
    const value = headers[name];
    const sent = name === "anthropic-beta" && typeof value === "string" ? pricedBetas(value) : value;
    if (typeof sent === "string" && sent !== "") add(name, sent);
  }
  if (provider.auth === "x-api-key") add("x-api-key", key);
  else add("authorization", `Bearer ${key}`);
  return `${head}\r\n`;
}

/** Without those that bring what is not billed by this answer's tokens, or has no price here. */
function pricedBetas(value: string): string {
  const names = value.split(",").map((name) => name.trim());
  return names.filter((name) => PRICED_BETAS.test(name)).join(",");
}

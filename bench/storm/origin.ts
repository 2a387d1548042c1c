/**
 * The provider of the storm: speaks Anthropic's stream, decides what each call costs, cuts some
 * answers short, and remembers all of it. It lives in the process that nobody kills.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What the provider would bill for one call. */
export interface Truth {
  /** How often a request with this mark arrived. */
  sightings: number;
  input: number;
  cacheRead: number;
  /** Tokens produced by the time the answer ended, by itself or cut. */
  output: number;
  isCut: boolean;
  /** SHA-256 of the whole body; undefined while it has not been sent to its end. */
  sha256: string | undefined;
}

export interface Origin {
  url: string;
  /** By the mark in the prompt. */
  truth: ReadonlyMap<string, Truth>;
  close(): Promise<void>;
}

export interface OriginOptions {
  /** Share of the answers that are cut, 0..1. */
  cuts: number;
  random(): number;
}

const MARK = /mark:([\da-f]{32})/;

export async function startOrigin({ cuts, random }: OriginOptions): Promise<Origin> {
  const truth = new Map<string, Truth>();
  const server = createServer((req, res) => {
    answer({ req, res, truth, cutAt: random() < cuts ? random() : undefined, random }).catch(() =>
      res.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  // A listening TCP server has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    truth,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Exchange {
  req: IncomingMessage;
  res: ServerResponse;
  truth: Map<string, Truth>;
  /** Where the answer breaks off, as a share of its events. */
  cutAt: number | undefined;
  random(): number;
}

async function answer({ req, res, truth, cutAt, random }: Exchange): Promise<void> {
  const body = await readBody(req);
  const mark = MARK.exec(body)?.[1] ?? "unmarked";
  const known = truth.get(mark);
  if (known) known.sightings += 1;
  const input = Math.ceil(body.length / 3);
  const cacheRead = Math.floor(random() * 200);
  const entry: Truth = { sightings: 1, input, cacheRead, output: 0, isCut: false, sha256: undefined };
  if (!known) truth.set(mark, entry);

  const tokens = 5 + Math.floor(random() * 80);
  const last = cutAt === undefined ? undefined : Math.floor(cutAt * (tokens + 2));
  const pauseMs = 1 + Math.floor(random() * 8);
  const hash = createHash("sha256");
  const send = (event: { type: string; [field: string]: unknown }) => {
    const bytes = `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
    hash.update(bytes);
    res.write(bytes);
  };
  res.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
  const usage = { input_tokens: input, cache_read_input_tokens: cacheRead, output_tokens: 1 };
  for (let at = 0; at < tokens + 2; at += 1) {
    if (at === last || res.destroyed) {
      entry.isCut = true;
      res.destroy();
      return;
    }
    // The first token is billed with the head of the answer, as Anthropic's `output_tokens: 1` says.
    entry.output = Math.max(1, Math.min(at, tokens));
    if (at === 0) send({ type: "message_start", message: { id: `msg_${mark}`, usage } });
    else if (at <= tokens) {
      send({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text: `w${at} ` } });
    } else {
      send({ type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: tokens } });
    }
    if (at % 4 === 0) await delay(pauseMs);
  }
  send({ type: "message_stop" });
  entry.sha256 = hash.digest("hex");
  res.end();
}

async function readBody(req: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

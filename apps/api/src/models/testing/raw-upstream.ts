/** A provider made of plain sockets, which sends exactly the bytes a test wants, and what reads from it. */
import { createServer as createHttpServer, type ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { LONGEST_CALL_MS } from "../answer-call.ts";
import type { ModelApi, Provider } from "../providers.ts";
import { UsageReader } from "../read-usage.ts";
import { type Drains, Relay, type RelayEnd } from "../relay.ts";
import { Upstream, type UpstreamLimits } from "../upstream.ts";

export interface RawUpstream {
  url: string;
  /** Every connection that was ever opened. */
  sockets: readonly Socket[];
}

/** Calls `answer` for each whole request, with its text. With `tls` it speaks as `localhost`. */
export async function rawUpstream(
  t: TestContext,
  answer: (socket: Socket, request: string) => void,
  tls?: { key: string; cert: string },
): Promise<RawUpstream> {
  const sockets: Socket[] = [];
  const take = (socket: Socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined); // tests cut connections
    let text = "";
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      for (let end = requestEnd(text); end !== -1; end = requestEnd(text)) {
        const request = text.slice(0, end);
        text = text.slice(end);
        answer(socket, request);
      }
    });
  };
  const server = tls ? createTlsServer(tls, take) : createServer(take);
  const port = await listen(t, server);
  t.after(() => sockets.forEach((socket) => socket.destroy()));
  return { url: tls ? `https://localhost:${port}/v1` : `http://127.0.0.1:${port}/v1`, sockets };
}

function requestEnd(text: string): number {
  const head = text.indexOf("\r\n\r\n");
  const length = /content-length: (\d+)/.exec(text.slice(0, head))?.[1];
  const end = head + 4 + Number(length ?? 0);
  return head === -1 || text.length < end ? -1 : end;
}

export async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  // A listening TCP server has an AddressInfo.
  return (server.address() as AddressInfo).port;
}

export function providerAt(baseUrl: string): Provider {
  return {
    id: "anthropic",
    baseUrl,
    keys: ["k"],
    apis: [],
    models: [],
    auth: "x-api-key",
    price: () => undefined,
  };
}

export interface RelayFront {
  url: string;
  upstream: Upstream;
  /** How each answer ended, in order, and what was read off it. */
  ends: { end: RelayEnd | "no answer"; reader: UsageReader | undefined }[];
  drains: Drains;
}

export interface RelayFrontOptions {
  api: ModelApi;
  onFinal?: () => Promise<void>;
  limits?: Partial<UpstreamLimits>;
}

/** A server that relays every call to the upstream, without ledger and keys. `from` names the bot. */
export async function relayFront(
  t: TestContext,
  baseUrl: string,
  { api, onFinal = async () => undefined, limits = {} }: RelayFrontOptions,
): Promise<RelayFront> {
  const upstream = new Upstream(limits);
  const ends: RelayFront["ends"] = [];
  const drains: Drains = { count: 0 };
  const pass = async (res: ServerResponse, botId: string) => {
    const line = upstream.reserve({ provider: providerAt(baseUrl), key: "k" });
    const message = { path: "/messages", headers: {}, body: Buffer.from("{}") };
    const answer = await line.send(message, LONGEST_CALL_MS).catch(() => undefined);
    if (!answer) {
      ends.push({ end: "no answer", reader: undefined });
      res.destroy();
      return;
    }
    const reader = new UsageReader(api, true);
    res.writeHead(answer.status, { "content-type": "text/event-stream" });
    const options = {
      reader,
      isWhole: false,
      dropUsageChunk: false,
      drains,
      botId,
      onFirstByte: () => undefined,
      onFinal,
    };
    ends.push({ end: await new Relay(answer, res, options).run(), reader });
  };
  const server = createHttpServer((req, res) => {
    req.resume();
    void pass(res, req.headers.from ?? "a-bot");
  });
  t.after(() => upstream.close());
  const port = await listen(t, server);
  t.after(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${port}`, upstream, ends, drains };
}

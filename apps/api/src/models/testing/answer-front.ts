/** A server that answers calls as the proxy does, in front of one provider, with a ledger that only remembers. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { priceOf } from "@molt/contract";
import { systemClock } from "../../clock.ts";
import { createLog } from "../../log.ts";
import { answerCall, type CallProxy } from "../answer-call.ts";
import type { BotSettlement } from "../ledger.ts";
import type { ModelApi } from "../providers.ts";
import { readCall } from "../read-call.ts";
import { CallRefused } from "../refusals.ts";
import type { Reservation } from "../table.ts";
import { Upstream, type UpstreamLimits } from "../upstream.ts";
import { noLedger } from "./no-ledger.ts";
import { listen, providerAt } from "./raw-upstream.ts";

export interface AnswerFront {
  url: string;
  reserved: Reservation[];
  settled: BotSettlement[];
}

export interface AnswerFrontOptions {
  api: ModelApi;
  limits?: Partial<UpstreamLimits>;
  /** What writing a settlement takes. */
  onSettle?: () => Promise<void>;
}

/** Each call has two keys of the provider to try. */
export async function answerFront(
  t: TestContext,
  baseUrl: string,
  { api, limits = {}, onSettle }: AnswerFrontOptions,
): Promise<AnswerFront> {
  const upstream = new Upstream(limits);
  const [reserved, settled]: [Reservation[], BotSettlement[]] = [[], []];
  const none = await noLedger();
  const proxy: CallProxy = {
    upstream,
    keys: [],
    drains: { count: 0 },
    deps: { log: createLog([], "silent"), clock: systemClock() },
    ledger: {
      ...none,
      reserve(call) {
        reserved.push(call);
        return none.reserve(call);
      },
      async settle(settlement) {
        settled.push(settlement);
        await onSettle?.();
      },
    },
  };
  const answer = async (req: IncomingMessage, res: ServerResponse) => {
    const chunks: Buffer[] = [];
    for await (const chunk of req) chunks.push(chunk as Buffer); // a request without an encoding
    const call = readCall(api, Buffer.concat(chunks));
    const price = priceOf(call.model);
    if (!price) throw new Error(`no price for ${call.model}`);
    const route = { provider: providerAt(baseUrl), key: "k", price };
    await answerCall(proxy, { req, res, botId: "a-bot", call }, [route, route]);
  };
  const server = createServer((req, res) => {
    void answer(req, res).catch((error: unknown) => {
      if (!(error instanceof CallRefused)) throw error;
      res.writeHead(error.refusal.status).end();
    });
  });
  t.after(() => upstream.close());
  const port = await listen(t, server);
  t.after(() => server.closeAllConnections());
  return { url: `http://127.0.0.1:${port}`, reserved, settled };
}

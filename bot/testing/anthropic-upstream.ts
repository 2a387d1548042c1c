/** A tiny model behind the Anthropic wire format, for one test: it says what it is told, word by word, and what is left. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

export interface UpstreamCall {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly body: string;
  /** Settles when the caller has gone or has everything; true when it left early. */
  readonly cut: Promise<boolean>;
}

/** The bot sees text no faster than its own pace of 75 to 150 ms, so a word comes every 60 ms. */
const WORD_MS = 60;

/** A quarter of a month's budget, as the model proxy tells it (GET /v1/usage). */
const usage = {
  budget: { configured: true, limitMicros: 10_000_000, spentMicros: 2_500_000, windowKey: "bot/2026-11" },
  usage: { summary: { requestCount: 12, totalTokens: 3_400, actualCostMicros: 2_400_000 } },
};

/** `words` answers each request body with the words to say, at most `limit` of them. */
export async function startUpstream(t: TestContext, words: (body: string) => Iterable<string>) {
  const calls: UpstreamCall[] = [];
  const server = createServer((request, response) => {
    if (request.method === "GET" && request.url === "/v1/usage") {
      response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(usage));
      return;
    }
    const cut = once(response, "close").then(() => !response.writableFinished);
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const body = Buffer.concat(parts).toString("utf8");
      calls.push({ headers: request.headers, path: request.url ?? "", body, cut });
      speak(response, words(body)[Symbol.iterator]());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, calls };
}

function speak(response: ServerResponse, words: Iterator<string>): void {
  const say = (type: string, data: object) =>
    response.write(`event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`);
  response.writeHead(200, { "content-type": "text/event-stream" });
  const usage = { input_tokens: 10, output_tokens: 1 };
  say("message_start", {
    message: { id: "msg_1", type: "message", role: "assistant", model: "molt-1", content: [], usage },
  });
  say("content_block_start", { index: 0, content_block: { type: "text", text: "" } });
  const timer = setInterval(() => {
    const next = words.next();
    if (!next.done)
      return say("content_block_delta", { index: 0, delta: { type: "text_delta", text: next.value } });
    clearInterval(timer);
    say("content_block_stop", { index: 0 });
    say("message_delta", {
      delta: { stop_reason: "end_turn", stop_sequence: null },
      usage: { output_tokens: 9 },
    });
    say("message_stop", {});
    response.end();
  }, WORD_MS);
  response.once("close", () => clearInterval(timer));
}

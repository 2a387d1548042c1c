/** Bytes on their way from a provider to a bot, on real sockets. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { get } from "node:http";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import type { ModelApi } from "./providers.ts";
import { send } from "./testing/proxy.ts";
import { LONGEST_CALL_MS } from "./answer-call.ts";
import { type RelayFront, rawUpstream, relayFront } from "./testing/raw-upstream.ts";

const sse = (...events: object[]) => events.map((event) => `data: ${JSON.stringify(event)}\n\n`);
/** What each provider sends, short. */
const streams: Record<ModelApi, string[]> = {
  "anthropic-messages": sse(
    { type: "message_start", message: { usage: { input_tokens: 21, output_tokens: 1 } } },
    { type: "content_block_delta", delta: { type: "text_delta", text: "hi ü" } },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 15 } },
    { type: "message_stop" },
  ),
  "openai-completions": [
    ...sse(
      { choices: [{ delta: { content: "hi" } }], usage: null },
      { choices: [], usage: { prompt_tokens: 21, completion_tokens: 15 } },
    ),
    "data: [DONE]\n\n",
  ],
  "openai-responses": sse(
    { type: "response.output_text.delta", delta: "hi" },
    { type: "response.completed", response: { usage: { input_tokens: 21, output_tokens: 15 } } },
  ),
};
const chunkedHead = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";

function framed(parts: readonly (string | Buffer)[]): Buffer {
  const chunks = parts.map((part) => Buffer.from(part));
  const frame = (chunk: Buffer) => [
    Buffer.from(`${chunk.length.toString(16)}\r\n`),
    chunk,
    Buffer.from("\r\n"),
  ];
  return Buffer.concat([Buffer.from(chunkedHead), ...chunks.flatMap(frame), Buffer.from("0\r\n\r\n")]);
}

for (const [api, events] of Object.entries(streams)) {
  test(`F92 ${api}: cut after any byte, what came arrives, and only a whole answer is taken for one`, async (t) => {
    const bytes = framed(events);
    let cut = 0;
    const upstream = await rawUpstream(t, (socket) => socket.end(bytes.subarray(0, cut)));
    // The keys of the record are the formats.
    const front = await relayFront(t, upstream.url, { api: api as ModelApi });
    const body = events.join("");
    for (cut = 0; cut <= bytes.length; cut += 1) {
      const answer = await send(front.url, {}, {}).catch(() => undefined);
      const ended = front.ends.at(-1);
      const isWhole = cut === bytes.length;
      assert.equal(front.ends.length, cut + 1);
      assert.equal(ended?.end, cut < chunkedHead.length ? "no answer" : isWhole ? "complete" : "cut");
      assert.equal(answer?.wasCut ?? true, !isWhole, `cut after ${cut}`);
      assert.ok(
        body.startsWith(
          Buffer.from(answer?.text ?? "")
            .toString()
            .replace(/\ufffd+$/, ""),
        ),
      );
      if (isWhole) assert.equal(answer?.text, body);
      const { tokens, isFinal } = ended?.reader?.reading ?? { tokens: undefined, isFinal: false };
      if (isFinal) assert.deepEqual([tokens?.input, tokens?.output], [21, 15]);
      else assert.ok((tokens?.output ?? 0) < 15);
    }
  });
}

test("whatever bytes come in whatever pieces, the same ones arrive", async (t) => {
  let parts: Buffer[] = [];
  const upstream = await rawUpstream(t, (socket) => {
    void (async () => {
      const bytes = framed(parts);
      for (let at = 0; at < bytes.length; at += step) {
        socket.write(bytes.subarray(at, at + step));
        await turn();
      }
    })();
  });
  let step = 1;
  const front = await relayFront(t, upstream.url, { api: "anthropic-messages" });
  const sha256 = (bytes: Buffer) => createHash("sha256").update(bytes).digest("hex");
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 20_000 }), { maxLength: 12 }),
      fc.integer({ min: 500, max: 90_000 }),
      async (bodies, size) => {
        parts = bodies.map((body) => Buffer.from(body));
        step = size;
        const [res] = await once(get(front.url), "response");
        const got: Buffer[] = [];
        for await (const chunk of res) got.push(chunk);
        assert.equal(sha256(Buffer.concat(got)), sha256(Buffer.concat(parts)));
      },
    ),
    { numRuns: 60 },
  );
  assert.equal(upstream.sockets.length, 1, "one connection carried them all");
});

test("the bytes that complete the numbers wait for the ledger, and all that follow wait behind them", async (t) => {
  const [start = "", piece = "", delta = "", stop = ""] = streams["anthropic-messages"];
  const settled = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const upstream = await rawUpstream(t, (socket) => socket.write(framed([start, piece]).subarray(0, -5)));
  const front = await relayFront(t, upstream.url, {
    api: "anthropic-messages",
    onFinal() {
      asked.resolve();
      return settled.promise;
    },
  });
  const [res] = await once(get(front.url), "response");
  let got = "";
  res.on("data", (chunk: Buffer) => (got += chunk.toString()));
  await once(res, "data");
  const rest = framed([delta, stop]).subarray(chunkedHead.length);
  upstream.sockets[0]?.write(rest.subarray(0, rest.length - 40));
  await asked.promise;
  upstream.sockets[0]?.write(rest.subarray(rest.length - 40));
  for (let at = 0; at < 50; at += 1) await turn();
  assert.equal(got, start + piece);
  settled.resolve();
  await once(res, "end");
  assert.equal(got, start + piece + delta + stop);
});

test("a client that does not read makes the provider wait, and gets every byte when it reads again", async (t) => {
  const piece = Buffer.alloc(1024 * 1024, "data: x\n\n");
  const count = 48;
  const upstream = await rawUpstream(t, (socket) => {
    socket.write(framed(Array.from({ length: count }, () => piece)));
  });
  const front = await relayFront(t, upstream.url, { api: "anthropic-messages" });
  const [res] = await once(get(front.url), "response");
  let taken = -1;
  for (let same = 0; same < 300;) {
    await turn();
    const now = upstream.sockets[0]?.writableLength ?? 0;
    same = now === taken ? same + 1 : 0;
    taken = now;
  }
  assert.ok(taken > piece.length * (count / 2), `${taken} bytes are still with the provider`);
  const hash = createHash("sha256");
  for await (const chunk of res) hash.update(chunk as Buffer); // the stream's chunks
  const whole = createHash("sha256");
  for (let at = 0; at < count; at += 1) whole.update(piece);
  assert.equal(hash.digest("hex"), whole.digest("hex"));
});

test("F93 an answer nobody waits for any more is read to its numbers", async (t) => {
  const [start = "", ...rest] = streams["anthropic-messages"];
  const upstream = await rawUpstream(t, (socket) => socket.write(framed([start]).subarray(0, -5)));
  const front = await relayFront(t, upstream.url, { api: "anthropic-messages" });
  const req = get(front.url);
  const [res] = await once(req, "response");
  await once(res, "data");
  res.on("error", () => undefined); // hung up on purpose
  req.destroy();
  while (front.drains.count === 0) await turn();
  upstream.sockets[0]?.write(framed(rest).subarray(chunkedHead.length));
  while (front.ends.length === 0) await turn();
  assert.deepEqual([front.ends[0]?.end, front.ends[0]?.reader?.reading.tokens.output], ["complete", 15]);
  assert.equal(front.drains.count, 0);
});

/** Takes the first bytes of an answer and hangs up. */
async function leave(front: RelayFront, bot = "a-bot"): Promise<void> {
  const req = get(front.url, { agent: false, headers: { from: bot } });
  const [res] = await once(req, "response");
  await once(res, "data");
  res.on("error", () => undefined); // hung up on purpose
  req.destroy();
}

test("F93 an answer nobody waits for is read on until the call's deadline, and is not free then either", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const [start = "", ...rest] = streams["anthropic-messages"];
  const upstream = await rawUpstream(t, (socket) => socket.write(framed([start]).subarray(0, -5)));
  const front = await relayFront(t, upstream.url, { api: "anthropic-messages" });
  await Promise.all([leave(front), leave(front)]);
  while (front.drains.count < 2) await turn();
  t.mock.timers.tick(LONGEST_CALL_MS - 1);
  upstream.sockets[0]?.write(framed(rest).subarray(chunkedHead.length));
  while (front.ends.length < 1) await turn();
  assert.deepEqual([front.ends[0]?.end, front.ends[0]?.reader?.reading.tokens.output], ["complete", 15]);
  t.mock.timers.tick(1);
  while (front.ends.length < 2) await turn();
  assert.equal(front.ends[1]?.end, "timed_out");
  assert.deepEqual([front.drains.count, front.drains.ofBots?.size], [0, 0]);
});

test("F93 one bot leaves at most sixteen answers behind, and takes no room from others", async (t) => {
  const [start = ""] = streams["anthropic-messages"];
  const upstream = await rawUpstream(t, (socket) => socket.write(framed([start]).subarray(0, -5)));
  const front = await relayFront(t, upstream.url, { api: "anthropic-messages" });
  for (let at = 0; at < 16; at += 1) await leave(front);
  while (front.drains.count < 16) await turn();
  await leave(front);
  while (front.ends.length === 0) await turn();
  assert.deepEqual(
    front.ends.map(({ end }) => end),
    ["abandoned"],
  );
  await leave(front, "another");
  while (front.drains.count < 17) await turn();
  for (const socket of upstream.sockets) socket.destroy();
  while (front.ends.length < 18) await turn();
  assert.deepEqual([front.drains.count, front.drains.ofBots?.size], [0, 0]);
});

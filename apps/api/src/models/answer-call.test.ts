/** Calls that end otherwise than by their answer: who pays what for them. */
import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { LONGEST_CALL_MS } from "./answer-call.ts";
import { answerFront } from "./testing/answer-front.ts";
import { hello, streamed } from "./testing/hello.ts";
import { send } from "./testing/proxy.ts";
import { rawUpstream } from "./testing/raw-upstream.ts";

const event = (data: { type: string; [name: string]: unknown }) => `data: ${JSON.stringify(data)}\n\n`;
const start = (inputTokens: number) =>
  event({ type: "message_start", message: { usage: { input_tokens: inputTokens, output_tokens: 1 } } });
const end = event({
  type: "message_delta",
  delta: { stop_reason: "end_turn" },
  usage: { output_tokens: 15 },
});
const streamHead = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
const openStream = `${streamHead}connection: close\r\n\r\n`;
const sizedStream = (body: string) => `${streamHead}content-length: ${body.length}\r\n\r\n${body}`;
const whole = JSON.stringify({ usage: { input_tokens: 21, output_tokens: 15 } });
const json = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${whole.length}\r\n\r\n${whole}`;

test("F91 a call that takes longer than it may costs what was asked, and is asked nowhere else", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const asked: Socket[] = [];
  const upstream = await rawUpstream(t, (socket) => asked.push(socket));
  const front = await answerFront(t, upstream.url, { api: "anthropic-messages" });
  const answer = send(front.url, { ...hello, messages: [{ role: "user", content: "one two three" }] }, {});
  while (asked.length === 0) await turn();
  t.mock.timers.tick(LONGEST_CALL_MS - 1);
  for (let at = 0; at < 20; at += 1) await turn();
  assert.equal(front.settled.length, 0);
  t.mock.timers.tick(1);
  assert.equal((await answer).status, 503);
  assert.equal(asked.length, 1);
  const [row] = front.settled;
  assert.deepEqual([row?.state, row?.reason, row?.tokens.output], ["estimated", "timed_out", 0]);
  assert.ok(row && row.tokens.input >= 3 && row.costPicos > 0n);
});

test("F91 a provider that fails before its answer begins is paid nothing, and the next key is tried", async (t) => {
  const upstream = await rawUpstream(t, (socket) => socket.destroy());
  const front = await answerFront(t, upstream.url, { api: "anthropic-messages" });
  assert.equal((await send(front.url, hello, {})).status, 503);
  assert.deepEqual(
    front.settled.map((row) => [row.state, row.reason, row.costPicos]),
    Array.from({ length: 2 }, () => ["settled", "no_answer", 0n]),
  );
});

test("F101 the next key is tried when the first attempt's reservation is given back, and not before", async (t) => {
  let asked = 0;
  const written = Promise.withResolvers<void>();
  const upstream = await rawUpstream(t, (socket) => {
    asked += 1;
    if (asked === 1) socket.end("HTTP/1.1 429 Too Many Requests\r\ncontent-length: 2\r\n\r\n{}");
    else socket.write(json);
  });
  const front = await answerFront(t, upstream.url, {
    api: "anthropic-messages",
    onSettle: () => written.promise,
  });
  const answer = send(front.url, hello, {});
  while (front.settled.length === 0) await turn();
  for (let at = 0; at < 50; at += 1) await turn();
  assert.deepEqual([asked, front.reserved.length], [1, 1]);
  written.resolve();
  assert.equal((await answer).status, 200);
  assert.deepEqual([asked, front.reserved.length], [2, 2]);
});

test("F91 silence ends a stream that has begun, and nothing else before the call's deadline", async (t) => {
  const waiting: (() => void)[] = [];
  const upstream = await rawUpstream(t, (socket, request) => {
    if (request.includes("silent")) socket.write(openStream + start(21));
    else if (request.includes("late")) waiting.push(() => socket.write(sizedStream(start(21) + end)));
    else waiting.push(() => socket.write(json));
  });
  const front = await answerFront(t, upstream.url, { api: "anthropic-messages", limits: { silentMs: 5 } });
  const patient = [send(front.url, hello, {}), send(front.url, { ...streamed, system: "late" }, {})];
  while (waiting.length < 2) await turn();
  assert.ok((await send(front.url, { ...streamed, system: "silent" }, {})).wasCut);
  const [row] = front.settled;
  assert.deepEqual([row?.state, row?.reason], ["estimated", "timed_out"]);
  assert.deepEqual([row?.tokens.input, row?.tokens.output], [21, 1]);
  for (const answer of waiting) answer();
  for (const { status, wasCut } of await Promise.all(patient))
    assert.deepEqual([status, wasCut], [200, false]);
  assert.deepEqual(
    front.settled.slice(1).map(({ state, tokens }) => [state, tokens.output]),
    [1, 2].map(() => ["settled", 15]),
  );
});

test("F101 an estimate never costs more than was reserved, whatever a provider said before it was cut", async (t) => {
  const upstream = await rawUpstream(t, (socket) => socket.end(openStream + start(9_000_000)));
  const front = await answerFront(t, upstream.url, { api: "anthropic-messages" });
  assert.equal((await send(front.url, streamed, {})).status, 200);
  const [[row], [reservation]] = [front.settled, front.reserved];
  assert.deepEqual([row?.state, row?.reason, row?.tokens.output], ["estimated", "no_usage", 1]);
  assert.ok(row && reservation && row.costPicos > 0n && row.costPicos <= reservation.reservedPicos);
});

test("F101 a picture is no text: a call cut over one is not billed by its bytes", async (t) => {
  const chunk = event({
    type: "x",
    choices: [{ delta: { content: "A" }, finish_reason: null }],
    usage: null,
  });
  const cut = `${streamHead}content-length: 10000\r\n\r\n${chunk}`;
  const upstream = await rawUpstream(t, (socket) => socket.end(cut));
  const front = await answerFront(t, upstream.url, { api: "openai-completions" });
  const url = `data:image/png;base64,${"A".repeat(200_000)}`;
  const content = [{ type: "image_url", image_url: { url } }];
  const body = { model: "gpt-5.5", max_tokens: 100, stream: true, messages: [{ role: "user", content }] };
  assert.ok((await send(front.url, body, {})).wasCut);
  const [row] = front.settled;
  assert.deepEqual([row?.state, row?.reason, row?.tokens.output], ["estimated", "cut", 1]);
  assert.ok(row && row.tokens.input < 1_000, `${row?.tokens.input} tokens`);
});

test("a stream whose size was announced arrives whole though the chunk with the usage is taken out", async (t) => {
  const text = event({
    type: "x",
    choices: [{ delta: { content: "A" }, finish_reason: "stop" }],
    usage: null,
  });
  const usage = { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 };
  const body = `${text}${event({ type: "x", choices: [], usage })}data: [DONE]\n\n`;
  const upstream = await rawUpstream(t, (socket) => socket.write(sizedStream(body)));
  const front = await answerFront(t, upstream.url, { api: "openai-completions" });
  const asked = { model: "gpt-5.5", max_tokens: 100, stream: true, messages: [] };
  const answer = await send(front.url, asked, { signal: t.signal });
  assert.deepEqual([answer.text, answer.wasCut], [`${text}data: [DONE]\n\n`, false]);
  assert.deepEqual([front.settled[0]?.state, front.settled[0]?.tokens.output], ["settled", 1]);
});

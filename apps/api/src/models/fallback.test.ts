/** A second provider takes over while nothing was sent back yet, and not a moment later. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { startStandIn } from "../testing/stand-in.ts";
import { PROVIDER_KEY, send, testProxy, type TruthEntry } from "./testing/proxy.ts";

const SECOND_KEY = "sk-second-0123456789abcdef";
const hello = {
  model: "gpt-5-mini",
  max_completion_tokens: 300,
  messages: [{ role: "user", content: "hello" }],
};

/** OpenAI first, then a server of the operator's own that has the same model. */
async function twoProviders(t: TestContext, env: Record<string, string> = {}) {
  const second = await startStandIn(t, "models", { API_KEY: SECOND_KEY, DELAY_MS: "0" });
  const proxy = await testProxy(t, {
    env: {
      OPENAI_COMPATIBLE_BASE_URL: `${second.url}/v1`,
      OPENAI_COMPATIBLE_API_KEY: SECOND_KEY,
      OPENAI_COMPATIBLE_MODEL: hello.model,
      ...env,
    },
  });
  return {
    ...proxy,
    controlSecond: (...faults: Record<string, unknown>[]) => send(`${second.url}/__control`, { faults }, {}),
    async seenBySecond(): Promise<TruthEntry[]> {
      const answer = await fetch(`${second.url}/__truth`);
      const { entries } = (await answer.json()) as { entries: TruthEntry[] }; // the stand-in's own list
      return entries;
    },
  };
}

for (const status of [429, 500, 503, 529]) {
  test(`F91 a ${status} of the first provider is answered by the second, each attempt with its row`, async (t) => {
    const { call, control, settledRows } = await twoProviders(t);
    for (const stream of [true, false]) {
      await control({ kind: "status", status, retryAfter: 30 });
      const answer = await call("/v1/chat/completions", { ...hello, stream });
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.headers["retry-after"], undefined);
    }
    const rows = await settledRows(4);
    assert.deepEqual(
      rows.map((row) => [row.provider, row.http_status, row.state, row.cost_picos > 0n]),
      [1, 2].flatMap(() => [
        ["openai", status, "settled", false],
        ["compatible", 200, "settled", true],
      ]),
    );
  });
}

test("F91 a first provider that cannot be reached is passed over, and keys go to their own address alone", async (t) => {
  const { call, settledRows } = await twoProviders(t, { OPENAI_BASE_URL: "http://127.0.0.1:1/v1" });
  // The second would answer 401 to any key but its own.
  assert.equal((await call("/v1/chat/completions", hello)).status, 200);
  assert.deepEqual(
    (await settledRows(2)).map((row) => [row.provider, row.reason]),
    [
      ["openai", "no_answer"],
      ["compatible", null],
    ],
  );
});

test("F91 when the second fails as well, the bot hears of that and of no key", async (t) => {
  const { call, control, controlSecond, settledRows } = await twoProviders(t);
  await control({ kind: "status", status: 529 });
  await controlSecond({ kind: "status", status: 429, retryAfter: 9, message: `slow down, ${SECOND_KEY}` });
  const answer = await call("/v1/chat/completions", { ...hello, stream: true });
  assert.deepEqual([answer.status, answer.headers["retry-after"]], [429, "9"]);
  for (const key of [PROVIDER_KEY, SECOND_KEY]) assert.equal(answer.text.includes(key), false);
  assert.ok((await settledRows(2)).every((row) => row.cost_picos === 0n));
});

test("F91 a mistake of the bot's, and an answer that has begun, go to no second provider", async (t) => {
  const { call, control, seenBySecond } = await twoProviders(t);
  await control({ kind: "status", status: 400, message: "messages: Field required" });
  assert.equal((await call("/v1/chat/completions", hello)).status, 400);
  await control({ kind: "cut", afterBytes: 300 });
  assert.ok((await call("/v1/chat/completions", { ...hello, stream: true })).wasCut);
  assert.deepEqual(await seenBySecond(), []);
});

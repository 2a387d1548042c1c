/** When a provider or a client does wrong: what the bot is told and pays (reference: faults, section 3.6). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hello, streamed } from "./testing/hello.ts";
import { PROVIDER_KEY, testProxy } from "./testing/proxy.ts";

test("F91 an upstream error reaches the bot with its Retry-After, costs nothing and names no key", async (t) => {
  const { call, control, settledRows } = await testProxy(t);
  const cases = [
    { status: 401, told: 503, retryAfter: undefined },
    { status: 403, told: 503, retryAfter: undefined },
    { status: 429, told: 429, retryAfter: 7 },
    { status: 500, told: 500, retryAfter: undefined },
    { status: 529, told: 529, retryAfter: undefined },
  ];
  for (const { status, told, retryAfter } of cases) {
    await control({
      kind: "status",
      status,
      retryAfter,
      message: `bad key ${PROVIDER_KEY} or sk-proj-abcdef***xyz1`,
    });
    const answer = await call("/v1/messages", streamed);
    assert.equal(answer.status, told);
    assert.equal(answer.headers["retry-after"], retryAfter?.toString());
    assert.equal(answer.text.includes("sk-"), false);
    assert.equal(JSON.parse(answer.text).type, "error");
  }
  assert.deepEqual(
    (await settledRows(cases.length)).map((row) => [row.state, row.cost_picos, row.http_status, row.reason]),
    cases.map(({ status }) => ["settled", 0n, status, `upstream_${status}`]),
  );
});

test("F91 the operator's empty account is not the bot's business", async (t) => {
  const { call, control } = await testProxy(t);
  await control({
    kind: "status",
    status: 400,
    message: "Your credit balance is too low to access the Anthropic API.",
  });
  const answer = await call("/v1/messages", hello);
  assert.equal(answer.status, 503);
  assert.equal(/credit|balance|billing/i.test(answer.text), false);
});

test("F91 a provider that cannot be reached is a 503, and the row is closed at nothing", async (t) => {
  const { call, settledRows } = await testProxy(t, { env: { ANTHROPIC_BASE_URL: "http://127.0.0.1:1" } });
  const answer = await call("/v1/messages", hello);
  assert.equal(answer.status, 503);
  assert.ok(answer.headers["retry-after"]);
  const [row] = await settledRows(1);
  assert.deepEqual([row?.state, row?.cost_picos, row?.reason], ["settled", 0n, "no_answer"]);
});

test("F91 the second key answers when the first is limited, and each attempt has its row", async (t) => {
  const { call, control, settledRows } = await testProxy(t, {
    env: { ANTHROPIC_API_KEY: `${PROVIDER_KEY},${PROVIDER_KEY}` },
  });
  await control({ kind: "status", status: 429 });
  const answer = await call("/v1/messages", streamed);
  assert.equal(answer.status, 200);
  const rows = await settledRows(2);
  assert.deepEqual(
    rows.map((row) => [row.http_status, row.cost_picos > 0n]),
    [
      [429, false],
      [200, true],
    ],
  );
});

test("F92 a stream cut anywhere is an estimate: never nothing, never above the truth or the limit", async (t) => {
  const { call, control, settledRows, truth, deps } = await testProxy(t);
  const whole = await call("/v1/messages", streamed);
  const cuts = [1, 60, 300, 450, 600, 900, 1300, 2000, whole.text.length - 250];
  for (const afterBytes of cuts) {
    await control({ kind: "cut", afterBytes });
    const answer = await call("/v1/messages", streamed);
    assert.ok(answer.wasCut, `cut after ${afterBytes}`);
    assert.equal(Buffer.byteLength(answer.text) <= afterBytes, true);
  }
  const rows = await settledRows(cuts.length + 1);
  const entries = new Map((await truth()).map((entry) => [entry.requestId, entry.usage]));
  assert.equal(rows.length, cuts.length + 1);
  for (const row of rows.slice(1)) {
    const usage = entries.get(row.provider_request_id ?? "");
    assert.ok(usage);
    assert.equal(row.state, "estimated");
    assert.equal(row.reason, "cut");
    assert.ok(row.cost_picos > 0n);
    assert.ok(row.tokens_in <= BigInt(usage.uncached), `input ${row.tokens_in} of ${usage.uncached}`);
    assert.ok(row.tokens_out <= BigInt(usage.output), `output ${row.tokens_out} of ${usage.output}`);
  }
  const days = await deps.db.selectFrom("app.usage_days").select("cost_picos").execute();
  assert.equal(
    days[0]?.cost_picos,
    rows.reduce((sum, row) => sum + row.cost_picos, 0n),
  );
});

test("F92 an error event in the middle ends the stream as the provider meant it, as an estimate", async (t) => {
  const { call, control, settledRows, truth } = await testProxy(t);
  await control({ kind: "error", message: "Overloaded" });
  const answer = await call("/v1/messages", streamed);
  assert.match(answer.text, /event: error/);
  const [[row], [entry]] = [await settledRows(1), await truth()];
  assert.deepEqual([row?.state, row?.reason], ["estimated", "error_event"]);
  assert.ok(row && entry && row.tokens_out <= BigInt(entry.usage.output));
});

test("F93 a client that hangs up pays for the whole answer, to the token", async (t) => {
  const { call, settledRows, truth } = await testProxy(t, { standIn: { DELAY_MS: "2" } });
  const leaving = [1, 200, 500, 700, 1000, 1500, 2500];
  await Promise.all(leaving.map((leaveAfterBytes) => call("/v1/messages", streamed, { leaveAfterBytes })));
  const rows = await settledRows(leaving.length);
  const entries = new Map((await truth()).map((entry) => [entry.requestId, entry.usage]));
  assert.equal(rows.length, leaving.length);
  for (const row of rows) {
    const usage = entries.get(row.provider_request_id ?? "");
    assert.deepEqual(
      [row.state, row.tokens_in, row.tokens_out],
      ["settled", BigInt(usage?.uncached ?? -1), BigInt(usage?.output ?? -1)],
    );
  }
});

test("F95 nonsense in place of a token count is refused and estimated instead", async (t) => {
  const { call, control, settledRows, truth } = await testProxy(t);
  const nonsense = ["-5", '"12"', "null", "1e400", "12.5", "9007199254740993", "10000001", "{}", "NaN"];
  for (const tokens of nonsense) {
    for (const stream of [true, false]) {
      await control({ kind: "usage", tokens });
      assert.equal((await call("/v1/messages", { ...hello, stream })).status, 200);
    }
  }
  const rows = await settledRows(nonsense.length * 2);
  const entries = new Map((await truth()).map((entry) => [entry.requestId, entry.usage]));
  assert.equal(rows.length, nonsense.length * 2);
  for (const row of rows) {
    assert.equal(row.state, "estimated");
    assert.match(row.reason ?? "", /^nonsense|^no_usage/);
    assert.ok(
      row.cost_picos > 0n &&
        row.tokens_out <= BigInt(entries.get(row.provider_request_id ?? "")?.output ?? 0),
    );
  }
});

test("F96 an explicit zero is zero", async (t) => {
  const { call, control, settledRows } = await testProxy(t);
  await control({ kind: "usage", tokens: "0" });
  await call("/v1/messages", streamed);
  const [row] = await settledRows(1);
  assert.deepEqual([row?.state, row?.tokens_out], ["settled", 0n]);
});

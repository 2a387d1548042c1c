/** Calls that go well: what arrives, what is stored, what is billed. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { sql } from "kysely";
import { send, testProxy } from "./testing/proxy.ts";

const words = [{ role: "user", content: "hello" }];
const formats = [
  {
    name: "Anthropic Messages",
    path: "/v1/messages",
    body: { model: "claude-sonnet-5", max_tokens: 500, messages: words },
  },
  {
    name: "OpenAI Chat Completions",
    path: "/v1/chat/completions",
    body: {
      model: "gpt-5.2",
      max_completion_tokens: 500,
      messages: words,
      stream_options: { include_usage: true },
    },
  },
  {
    name: "OpenAI Responses",
    path: "/v1/responses",
    body: { model: "gpt-5.2", max_output_tokens: 500, input: "hello" },
  },
];

for (const { name, path, body } of formats) {
  test(`${name}: every byte arrives, streamed or not, and the rows have the provider's numbers`, async (t) => {
    const { call, truth, settledRows, bot } = await testProxy(t);
    const { stream_options: options, ...rest } = { stream_options: undefined, ...body };
    const answers = [await call(path, { ...body, stream: true }), await call(path, options ? rest : body)];
    const [rows, entries] = [await settledRows(2), await truth()];
    for (const [at, answer] of answers.entries()) {
      const [row, entry] = [rows[at], entries[at]];
      assert.ok(row && entry);
      assert.deepEqual([answer.status, answer.wasCut], [200, false]);
      assert.equal(
        answer.headers["content-type"]?.startsWith(at === 0 ? "text/event-stream" : "application/json"),
        true,
      );
      assert.equal(createHash("sha256").update(answer.text).digest("hex"), entry.sha256);
      assert.deepEqual(
        {
          state: row.state,
          bot: row.bot_id,
          model: row.model,
          request: row.provider_request_id,
          status: row.http_status,
        },
        { state: "settled", bot: bot.id, model: body.model, request: entry.requestId, status: 200 },
      );
      assert.deepEqual(
        [row.tokens_in, row.tokens_out],
        [BigInt(entry.usage.uncached), BigInt(entry.usage.output)],
      );
      const [input, output] = path === "/v1/messages" ? [2_000_000n, 10_000_000n] : [1_750_000n, 14_000_000n];
      assert.equal(row.cost_picos, row.tokens_in * input + row.tokens_out * output);
      assert.ok(row.reserved_picos >= row.cost_picos);
      assert.match(row.price_version, /^genai-prices-/);
      assert.equal(answer.headers["x-molt-call"], row.id);
    }
  });
}

test("a chat client that did not ask for usage gets none, and is metered exactly all the same", async (t) => {
  const { call, truth, settledRows } = await testProxy(t);
  const answer = await call("/v1/chat/completions", { model: "gpt-5.2", messages: words, stream: true });
  assert.equal(answer.text.includes('"choices":[]'), false);
  assert.match(answer.text, /data: \[DONE\]\n\n$/);
  const [[row], [entry]] = [await settledRows(1), await truth()];
  assert.deepEqual([row?.state, row?.tokens_out], ["settled", BigInt(entry?.usage.output ?? -1)]);
});

test("a tool call passes with its arguments", async (t) => {
  const { call } = await testProxy(t);
  const tools = [
    {
      name: "exec",
      description: "Run",
      input_schema: { type: "object", properties: { command: { type: "string" } } },
    },
  ];
  const answer = await call("/v1/messages", {
    model: "molt-demo-1",
    max_tokens: 500,
    tools,
    messages: [{ role: "user", content: "run uname -a" }],
  });
  const { content, stop_reason: stop } = JSON.parse(answer.text);
  assert.equal(stop, "tool_use");
  assert.deepEqual(content.at(-1).input, { command: "uname -a" });
});

test("the calls of a message's run are its own; a call without a known message happened without a person", async (t) => {
  const { call, settledRows, deps, bot } = await testProxy(t);
  const message = await deps.db
    .insertInto("app.messages")
    .values({ bot_id: bot.id, seq: 1n, role: "user", text: "hello", state: "delivered" })
    .returning("id")
    .executeTakeFirstOrThrow();
  const trace = (id: string) => ({
    headers: { traceparent: `00-${id.replaceAll("-", "")}-00f067aa0ba902b7-01` },
  });
  const body = formats[0]?.body;
  await call("/v1/messages", body, trace(message.id));
  await call("/v1/messages", body, trace(crypto.randomUUID()));
  await call("/v1/messages", body, { headers: { traceparent: "nonsense" } });
  const rows = await settledRows(3);
  assert.deepEqual(
    rows.map((row) => [row.cause, row.message_id, row.trace_id === null]),
    [
      ["chat", message.id, false],
      ["background", null, false],
      ["background", null, true],
    ],
  );
});

test("sixty calls at once: every answer is whole, and the roll-up of the day and the budget say what the rows say", async (t) => {
  const { call, truth, settledRows, deps } = await testProxy(t);
  const body = formats[0]?.body;
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, at) => call("/v1/messages", { ...body, stream: at % 2 === 0 })),
  );
  const sent = new Set((await truth()).map((entry) => entry.sha256));
  for (const { text } of answers) assert.ok(sent.delete(createHash("sha256").update(text).digest("hex")));
  const rows = await settledRows(60);
  const cost = rows.reduce((sum, row) => sum + row.cost_picos, 0n);
  const days = await deps.db
    .selectFrom("app.usage_days")
    .select(["calls", "cost_picos", "tokens_in"])
    .execute();
  assert.deepEqual(days, [
    { calls: 60n, cost_picos: cost, tokens_in: rows.reduce((sum, row) => sum + row.tokens_in, 0n) },
  ]);
  const { rows: budgets } = await sql<{
    day_picos: bigint;
    month_picos: bigint;
  }>`select day_picos, month_picos from app.model_budgets`.execute(deps.db);
  assert.deepEqual(budgets, [{ day_picos: cost, month_picos: cost }]);
});

test("tokens are counted and models listed without a row in the ledger", async (t) => {
  const { call, proxy, bot, deps } = await testProxy(t);
  const counted = await call("/v1/messages/count_tokens", { model: "claude-sonnet-5", messages: words });
  assert.equal(JSON.parse(counted.text).input_tokens > 0, true);
  const list = await send(`${proxy.url}/v1/models`, undefined, {
    headers: { authorization: `Bearer ${bot.key}` },
  });
  const ids = JSON.parse(list.text).data.map((model: { id: string }) => model.id);
  assert.ok(ids.includes("claude-sonnet-5") && ids.includes("gpt-5.2") && ids.includes("molt-demo-1"));
  assert.equal(
    ids.some((id: string) => id.includes("/")),
    false,
    "OpenRouter has no key here",
  );
  assert.equal((await deps.db.selectFrom("app.usage_logs").selectAll().execute()).length, 0);
});

test("stopping lets a running answer end and writes what it cost", async (t) => {
  const { call, control, settledRows, proxy, deps } = await testProxy(t, { standIn: { DELAY_MS: "10" } });
  await control({ kind: "reply", text: "one two three four five six seven eight nine ten" });
  const running = call("/v1/messages", { ...formats[0]?.body, stream: true });
  while ((await deps.db.selectFrom("app.usage_logs").select("id").execute()).length === 0)
    await deps.clock.sleep(5);
  await proxy.stop();
  const answer = await running;
  assert.match(answer.text, /message_stop/);
  assert.equal((await settledRows(1))[0]?.state, "settled");
});

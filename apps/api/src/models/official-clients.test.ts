/** The providers' own client libraries against the proxy: they must not notice that it is there. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";
import { sql } from "kysely";
import { testProxy } from "./testing/proxy.ts";

const CLAUDE = "claude-sonnet-5";
const GPT = "gpt-5.6-terra";
const COMMAND = { type: "object" as const, properties: { command: { type: "string" } } };

async function setUp(t: TestContext) {
  const at = await testProxy(t);
  const options = { apiKey: at.bot.key, maxRetries: 0, timeout: 20_000 };
  return {
    ...at,
    anthropic: new Anthropic({ ...options, baseURL: at.proxy.url }),
    openai: new OpenAI({ ...options, baseURL: `${at.proxy.url}/v1` }),
  };
}

const hello = { role: "user" as const, content: "Hello" };

test("Anthropic's client: a message whole and streamed, with the provider's usage", async (t) => {
  const { anthropic, truth, settledRows } = await setUp(t);
  const ask = { model: CLAUDE, max_tokens: 200, messages: [hello] };
  const whole = await anthropic.messages.create(ask);
  const stream = anthropic.messages.stream(ask);
  let pieces = 0;
  stream.on("text", () => (pieces += 1));
  const streamed = await stream.finalMessage();
  assert.ok(pieces > 5, `${pieces} pieces`);
  assert.deepEqual(streamed.content, whole.content);
  assert.equal(whole._request_id, (await truth())[0]?.requestId);
  for (const [index, { usage }] of (await truth()).entries()) {
    const seen = [whole, streamed][index]?.usage;
    assert.deepEqual([seen?.input_tokens, seen?.output_tokens], [usage.uncached, usage.output]);
  }
  const rows = await settledRows(2);
  assert.deepEqual(
    rows.map((row) => Number(row.tokens_out)),
    [whole.usage.output_tokens, streamed.usage.output_tokens],
  );
});

test("Anthropic's client: tools, thinking, a cached prefix, token counts and the models", async (t) => {
  const { anthropic, settledRows } = await setUp(t);
  const called = await anthropic.messages.create({
    model: CLAUDE,
    max_tokens: 2_000,
    thinking: { type: "enabled", budget_tokens: 1_024 },
    tools: [{ name: "exec", input_schema: COMMAND }],
    messages: [{ role: "user", content: "run echo hi" }],
  });
  assert.equal(called.stop_reason, "tool_use");
  const [thought, , tool] = called.content;
  assert.ok(thought?.type === "thinking" && thought.thinking !== "" && thought.signature !== "");
  assert.ok(tool?.type === "tool_use");
  assert.deepEqual([tool.name, tool.input], ["exec", { command: "echo hi" }]);

  const system = [
    { type: "text" as const, text: "word ".repeat(2_000), cache_control: { type: "ephemeral" as const } },
  ];
  const ask = { model: CLAUDE, max_tokens: 100, system, messages: [hello] };
  const [first, second] = [await anthropic.messages.create(ask), await anthropic.messages.create(ask)];
  assert.ok((first.usage.cache_creation_input_tokens ?? 0) > 1_000);
  assert.equal(second.usage.cache_read_input_tokens, first.usage.cache_creation_input_tokens);
  const rows = await settledRows(3);
  assert.deepEqual(
    rows.slice(1).map((row) => [Number(row.cache_write_tokens), Number(row.cache_read_tokens)]),
    [
      [first.usage.cache_creation_input_tokens, 0],
      [0, second.usage.cache_read_input_tokens],
    ],
  );
  const { input_tokens: counted } = await anthropic.messages.countTokens({
    model: CLAUDE,
    messages: [hello],
  });
  assert.ok(counted > 0);
  const ids = (await anthropic.models.list()).data.map(({ id }) => id);
  assert.ok(ids.includes(CLAUDE) && ids.includes(GPT));
});

test("OpenAI's client: chat completions whole and streamed, tools and the models", async (t) => {
  const { openai, truth } = await setUp(t);
  const whole = await openai.chat.completions.create({ model: GPT, messages: [hello] });
  const stream = await openai.chat.completions.create({
    model: GPT,
    messages: [hello],
    stream: true,
    stream_options: { include_usage: true },
  });
  let text = "";
  let usage: OpenAI.CompletionUsage | undefined;
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    usage = chunk.usage ?? usage;
  }
  assert.equal(text, whole.choices[0]?.message.content);
  const [, seen] = await truth();
  assert.equal(usage?.completion_tokens, seen?.usage.output);

  const plain = await openai.chat.completions.create({ model: GPT, messages: [hello], stream: true });
  for await (const chunk of plain) assert.ok(!chunk.usage, "what was not asked for is not sent");

  const called = await openai.chat.completions.create({
    model: GPT,
    messages: [{ role: "user", content: "run echo hi" }],
    tools: [{ type: "function", function: { name: "exec", parameters: COMMAND } }],
  });
  const [tool] = called.choices[0]?.message.tool_calls ?? [];
  assert.ok(tool?.type === "function");
  assert.deepEqual(
    [tool.function.name, JSON.parse(tool.function.arguments)],
    ["exec", { command: "echo hi" }],
  );
  const ids = (await openai.models.list()).data.map(({ id }) => id);
  assert.ok(ids.includes(GPT));
});

test("OpenAI's client: responses whole and streamed, with tools", async (t) => {
  const { openai, settledRows } = await setUp(t);
  const ask = { model: GPT, input: "Hello", store: false };
  const whole = await openai.responses.create(ask);
  const stream = openai.responses.stream(ask);
  let pieces = 0;
  stream.on("response.output_text.delta", () => (pieces += 1));
  const streamed = await stream.finalResponse();
  assert.ok(pieces > 5, `${pieces} pieces`);
  assert.equal(streamed.output_text, whole.output_text);
  const called = await openai.responses.create({
    ...ask,
    input: "run echo hi",
    tools: [{ type: "function", name: "exec", parameters: COMMAND, strict: false }],
  });
  const tool = called.output.find((item) => item.type === "function_call");
  assert.deepEqual([tool?.name, JSON.parse(tool?.arguments ?? "")], ["exec", { command: "echo hi" }]);
  const rows = await settledRows(3);
  assert.deepEqual(
    rows.map((row) => Number(row.tokens_out)),
    [whole, streamed, called].map(({ usage }) => usage?.output_tokens),
  );
});

/** Runs it and hands back what it threw. */
async function thrownBy(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => assert.fail("it was answered"),
    (error: unknown) => error,
  );
}

test("F91 every error is the client's own class with our or the provider's sentence", async (t) => {
  const at = await setUp(t);
  const { anthropic, openai, control, deps } = at;
  const claude = (model = CLAUDE, client = anthropic) =>
    thrownBy(client.messages.create({ model, max_tokens: 10, messages: [hello] }));
  const gpt = (model = GPT, client = openai) =>
    thrownBy(client.chat.completions.create({ model, messages: [hello] }));

  for (const [status, own, other] of [
    [429, Anthropic.RateLimitError, OpenAI.RateLimitError],
    [529, Anthropic.InternalServerError, OpenAI.InternalServerError],
  ] as const) {
    await control({ kind: "status", status, retryAfter: 7 }, { kind: "status", status, retryAfter: 7 });
    const errors = [await claude(), await gpt()];
    for (const [index, error] of errors.entries()) {
      const kind = [own, other][index];
      assert.ok(kind && error instanceof kind, String(error));
      assert.equal(error.status, status);
      assert.equal(error.headers.get("retry-after"), "7");
    }
  }

  const strange = [await claude("claude-none-9"), await gpt("gpt-none-9")];
  assert.ok(strange[0] instanceof Anthropic.UnprocessableEntityError);
  assert.ok(strange[1] instanceof OpenAI.UnprocessableEntityError);
  for (const error of strange) assert.match(String(error), /Model not available/);

  assert.ok((await thrownBy(anthropic.post("/v1/none", { body: {} }))) instanceof Anthropic.NotFoundError);
  assert.ok((await thrownBy(openai.post("/none", { body: {} }))) instanceof OpenAI.NotFoundError);

  const apiKey = `molt_${"A".repeat(43)}`;
  assert.ok(
    (await claude(CLAUDE, anthropic.withOptions({ apiKey }))) instanceof Anthropic.AuthenticationError,
  );
  assert.ok((await gpt(GPT, openai.withOptions({ apiKey }))) instanceof OpenAI.AuthenticationError);

  await sql`update app.model_budgets set month_picos = month_cap_picos`.execute(deps.db);
  const [first, second] = [await claude(), await gpt()];
  assert.ok(first instanceof Anthropic.APIError && second instanceof OpenAI.APIError);
  assert.deepEqual([first.status, second.status], [402, 402]);
  assert.equal(first.type, "quota_exceeded");
  assert.equal(second.code, "quota_exceeded");
  for (const error of [first, second])
    assert.match(error.message, /Usage limit reached: the cap for this month is used up\. It resets on/);
});

test("F91 the clients' own retries come through: a 429 that is over is not noticed", async (t) => {
  const { anthropic, openai, control, settledRows } = await setUp(t);
  await control({ kind: "status", status: 429, retryAfter: 0 });
  const patient = anthropic.withOptions({ maxRetries: 1 });
  const answer = await patient.messages.create({ model: CLAUDE, max_tokens: 50, messages: [hello] });
  assert.equal(answer.role, "assistant");
  await control({ kind: "status", status: 529, retryAfter: 0 });
  const again = openai.withOptions({ maxRetries: 1 });
  assert.ok((await again.chat.completions.create({ model: GPT, messages: [hello] })).choices.length === 1);
  const rows = await settledRows(4);
  assert.deepEqual(
    rows.map(({ http_status: status }) => status),
    [429, 200, 529, 200],
  );
});

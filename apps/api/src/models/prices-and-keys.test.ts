/** What a call may be, what it costs, and whose key lets it through (reference: faults, section 3.6). */
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { startModels } from "./server.ts";
import { hello, streamed } from "./testing/hello.ts";
import { makeBot, PROVIDER_KEY, send, testProxy } from "./testing/proxy.ts";

test("F98 a cached prefix is written once at its price and read at its own", async (t) => {
  const { call, settledRows } = await testProxy(t);
  const system = [
    {
      type: "text",
      text: "A long rule of the house. ".repeat(600),
      cache_control: { type: "ephemeral", ttl: "1h" },
    },
  ];
  for (let at = 0; at < 2; at += 1) await call("/v1/messages", { ...hello, system });
  const [first, second] = await settledRows(2);
  assert.ok(first && second);
  assert.ok(first.cache_write_1h_tokens > 1024n);
  assert.equal(second.cache_read_tokens, first.cache_write_1h_tokens);
  const plain = (row: typeof first) => row.tokens_in - row.cache_read_tokens - row.cache_write_1h_tokens;
  assert.equal(
    first.cost_picos,
    plain(first) * 2_000_000n + first.cache_write_1h_tokens * 4_000_000n + first.tokens_out * 10_000_000n,
  );
  assert.equal(
    second.cost_picos,
    plain(second) * 2_000_000n + second.cache_read_tokens * 200_000n + second.tokens_out * 10_000_000n,
  );
});

test("F98 what is billed by more than tokens is refused before the call", async (t) => {
  const { call, truth } = await testProxy(t);
  for (const extra of [
    { tools: [{ type: "web_search_20250305", name: "web_search" }] },
    { service_tier: "priority" },
    { speed: "fast" },
    { container: "c1" },
    { mcp_servers: [{ url: "https://example.com" }] },
  ]) {
    const answer = await call("/v1/messages", { ...hello, ...extra });
    assert.equal(answer.status, 400);
    assert.match(answer.text, /not available on this platform/);
  }
  assert.deepEqual(await truth(), []);
});

test("F99 a model without a price never reaches the provider", async (t) => {
  const { call, truth, deps } = await testProxy(t);
  for (const model of ["claude-haiku-latest", "gpt-7", "molt/none"]) {
    const answer = await call("/v1/messages", { ...hello, model });
    assert.equal(answer.status, 422);
    assert.match(answer.text, /Model not available/);
  }
  assert.deepEqual(await truth(), []);
  assert.deepEqual(await deps.db.selectFrom("app.usage_logs").selectAll().execute(), []);
});

test("F99 an answer of another model than the one that was asked stands out in the ledger", async (t) => {
  const { call, control, settledRows } = await testProxy(t);
  const asked = [
    ["/v1/messages", { ...hello, model: "claude-sonnet-5-20260901" }, "claude-sonnet-5", "claude-opus-5"],
    ["/v1/chat/completions", { ...hello, model: "gpt-5.6" }, "gpt-5.6-sol", "gpt-5-pro"],
  ] as const;
  const expected: [string, string | null][] = [];
  for (const [path, body, name, other] of asked) {
    for (const [stream, answered] of [
      [true, other],
      [false, other],
      [true, `${name}`],
      [true, "a-name-nobody-knows"],
      [true, "anthropic/claude-haiku-4.5"],
    ] as const) {
      await control({ kind: "model", model: answered });
      assert.equal((await call(path, { ...body, stream })).status, 200);
      expected.push([name, answered === other ? `answered_by: ${other}` : null]);
    }
  }
  const rows = await settledRows(expected.length);
  assert.deepEqual(
    rows.map(({ model, reason }) => [model, reason]),
    expected,
  );
});

test("F100 a changed price applies to later calls, and each row says which it had", async (t) => {
  const { call, settledRows, deps, env, bot } = await testProxy(t);
  await call("/v1/messages", hello);
  const prices = JSON.stringify({ "claude-sonnet-5": { input: 4, output: 20, contextWindow: 200_000 } });
  const later = await startModels(deps, {
    host: "127.0.0.1",
    port: 0,
    env: { ...env, MOLT_MODEL_PRICES: prices },
  });
  t.after(() => later.stop());
  await send(`${later.url}/v1/messages`, hello, { key: bot.key });
  const [first, second] = await settledRows(2);
  assert.ok(first && second);
  assert.equal(second.cost_picos, first.cost_picos * 2n);
  assert.notEqual(first.price_version, second.price_version);
});

test("F102 a key works for its own bot alone, and is dead at once when it is revoked", async (t) => {
  const { call, deps, bot } = await testProxy(t);
  assert.equal(
    (await call("/v1/messages", hello, { key: `molt_${randomBytes(32).toString("base64url")}` })).status,
    401,
  );
  assert.equal((await call("/v1/messages", hello, { key: "sk-ant-something-else" })).status, 401);
  assert.equal((await call("/v1/messages", hello)).status, 200);
  await deps.db.transaction().execute(async (trx) => {
    const fresh = createHash("sha256").update("another").digest();
    await trx.updateTable("app.bots").set({ model_key_hash: fresh }).where("id", "=", bot.id).execute();
    await deps.events.publish(trx, { kind: "bot", botId: bot.id });
  });
  let status = 200;
  for (const until = Date.now() + 4_500; status === 200 && Date.now() < until;) {
    status = (await call("/v1/messages", hello)).status;
  }
  assert.equal(status, 401);
});

test("I2 nothing starts once the bot is paused or its user does not pay any more", async (t) => {
  const { call, deps, bot, truth } = await testProxy(t);
  assert.equal((await call("/v1/messages", hello)).status, 200);
  await deps.db.updateTable("app.bots").set({ desired: "paused" }).where("id", "=", bot.id).execute();
  const paused = await call("/v1/messages", hello);
  await deps.db.updateTable("app.bots").set({ desired: "running" }).where("id", "=", bot.id).execute();
  await deps.db
    .updateTable("app.users")
    .set({ subscription_status: "past_due" })
    .where("id", "=", bot.userId)
    .execute();
  const unpaid = await call("/v1/chat/completions", { model: "gpt-5.2", messages: hello.messages });
  for (const answer of [paused, unpaid]) {
    assert.equal(answer.status, 402);
    assert.match(answer.text, /Usage limit/);
  }
  assert.equal((await truth()).length, 1);
});

test("a bot sees only what is its own: the provider's key and account are nowhere in an answer", async (t) => {
  const { call } = await testProxy(t);
  for (const [path, body] of [
    ["/v1/messages", streamed],
    ["/v1/messages", {}],
    ["/v1/nothing", {}],
    ["/v1/messages", "{"],
  ] as const) {
    const answer = await call(path, body);
    const everything = JSON.stringify(answer.headers) + answer.text;
    assert.equal(everything.includes(PROVIDER_KEY), false);
  }
});

test("two bots at once do not see each other's caps", async (t) => {
  const { call, deps } = await testProxy(t);
  const other = await makeBot(deps);
  const answers = await Promise.all([
    call("/v1/messages", hello),
    call("/v1/messages", hello, { key: other.key }),
  ]);
  assert.deepEqual(
    answers.map((answer) => answer.status),
    [200, 200],
  );
});

/** F101: no cap leaks, whatever runs at the same time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { testDeps } from "../testing/deps.ts";
import { Ledger } from "./ledger.ts";
import { makeBot, testProxy, type TestProxy } from "./testing/proxy.ts";

const CENT = 10_000_000_000n;
const hello = {
  model: "claude-sonnet-5",
  max_tokens: 300,
  messages: [{ role: "user", content: "hello" }],
  stream: true,
};

async function limit(
  { deps, bot }: Pick<TestProxy, "deps" | "bot">,
  column: string,
  picos: bigint,
): Promise<void> {
  await sql`insert into app.model_budgets (bot_id) values (${bot.id}) on conflict do nothing`.execute(
    deps.db,
  );
  await sql`update app.model_budgets set ${sql.ref(column)} = ${picos} where bot_id = ${bot.id}`.execute(
    deps.db,
  );
}

for (const { column, says } of [
  { column: "day_cap_picos", says: /for today/ },
  { column: "month_cap_picos", says: /this month/ },
  { column: "unattended_day_cap_picos", says: /without you/ },
  { column: "run_cap_picos", says: /one task/ },
]) {
  test(`F101 fifty calls at once with ten cents left of ${column} spend at most ten cents`, async (t) => {
    const proxy = await testProxy(t, { standIn: { DELAY_MS: "1" } });
    await limit(proxy, column, 10n * CENT);
    const headers = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
    const tokens = 4_000;
    const body = { ...hello, max_tokens: tokens };
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => proxy.call("/v1/messages", body, { headers })),
    );
    const refused = answers.filter((answer) => answer.status === 402);
    const served = answers.filter((answer) => answer.status === 200);
    assert.equal(refused.length + served.length, 50);
    assert.ok(served.length > 0 && refused.length > 0);
    assert.match(refused[0]?.text ?? "", /[Uu]sage limit/);
    assert.match(refused[0]?.text ?? "", says);
    const rows = await proxy.settledRows(served.length + 1);
    const calls = rows.filter((row) => row.state !== "refused");
    assert.equal(calls.length, served.length);
    assert.equal((await proxy.truth()).length, served.length, "what was refused never reached the provider");
    assert.ok(calls.reduce((sum, row) => sum + row.cost_picos, 0n) <= 10n * CENT);
    const again = await proxy.call("/v1/messages", hello, { headers });
    assert.equal(again.status, 200, "what was not used is given back");
  });
}

const CAPS = [
  "day_cap_picos",
  "month_cap_picos",
  "unattended_day_cap_picos",
  "run_cap_picos",
  "run_max_calls",
] as const;

for (const column of CAPS) {
  test(`F101 fifty reservations of different sizes at once, through two proxies, keep to ${column}`, async (t) => {
    const deps = await testDeps(t);
    const bot = await makeBot(deps);
    const left = column === "run_max_calls" ? 7n : 10n * CENT;
    await limit({ deps, bot }, column, left);
    const ledgers = [await Ledger.open(deps), await Ledger.open(deps)] as const;
    t.after(() => Promise.all(ledgers.map((ledger) => ledger.close())));
    const calls = Array.from({ length: 50 }, (_, at) => ({
      callId: crypto.randomUUID(),
      botId: bot.id,
      model: "m",
      provider: "p",
      priceVersion: "v",
      reservedPicos: (BigInt(1 + ((at * 7) % 13)) * CENT) / 4n,
      traceId: "4bf92f3577b34da6a3ce929d0e0e4736",
    }));
    const answers = await Promise.all(calls.map((call, at) => ledgers[at % 2 === 0 ? 0 : 1].reserve(call)));
    const kept = calls.filter((_, at) => answers[at]?.refusal === null);
    assert.ok(kept.length > 0 && kept.length < 50);
    const open = kept.reduce((sum, call) => sum + call.reservedPicos, 0n);
    const used = column === "run_max_calls" ? BigInt(kept.length) : open;
    assert.ok(used <= left, `${used} of ${left}`);
    const refused = calls.filter((call) => !kept.includes(call));
    const smallest = refused.map((call) => call.reservedPicos).toSorted((a, b) => Number(a - b))[0] ?? 0n;
    assert.ok(column === "run_max_calls" ? used === left : used + smallest > left, "what fits is let out");
    const rows = await deps.db
      .selectFrom("app.usage_logs")
      .select("id")
      .where("state", "=", "reserved")
      .execute();
    assert.deepEqual(rows.map((row) => row.id).toSorted(), kept.map((call) => call.callId).toSorted());
  });
}

test("F101 a run that asks for ever is stopped by the number of its calls", async (t) => {
  const proxy = await testProxy(t);
  await limit(proxy, "run_max_calls", 3n);
  const headers = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
  const statuses = [];
  for (let at = 0; at < 5; at += 1)
    statuses.push((await proxy.call("/v1/messages", hello, { headers })).status);
  assert.deepEqual(statuses, [200, 200, 200, 402, 402]);
  assert.equal((await proxy.call("/v1/messages", hello)).status, 200, "another run is not concerned");
});

test("F101 a new day and a new month begin at nothing", async (t) => {
  const proxy = await testProxy(t);
  await limit(proxy, "day_picos", 20_000n * CENT);
  assert.equal((await proxy.call("/v1/messages", hello)).status, 402);
  await sql`update app.model_budgets set day = day - 1`.execute(proxy.deps.db);
  assert.equal((await proxy.call("/v1/messages", hello)).status, 200);
  await limit(proxy, "month_picos", 100_000n * CENT);
  assert.equal((await proxy.call("/v1/messages", hello)).status, 402);
  await sql`update app.model_budgets set month = (month - interval '1 month')::date`.execute(proxy.deps.db);
  assert.equal((await proxy.call("/v1/messages", hello)).status, 200);
});

test("F101 a request that not even an untouched cap has room for says so, with what to do", async (t) => {
  const proxy = await testProxy(t);
  const document = { type: "document", source: { type: "url", url: "https://example.com/a.pdf" } };
  const body = { ...hello, messages: [{ role: "user", content: [document] }] };
  const headers = { traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" };
  for (const { column, says } of [
    { column: "run_cap_picos", says: /quota of one task is \$0\.12\. Raise that limit/ },
    { column: "day_cap_picos", says: /quota of today is \$0\.12/ },
    { column: "month_cap_picos", says: /quota of this month is \$0\.12/ },
  ]) {
    await limit(proxy, column, 10n * CENT);
    const answer = await proxy.call("/v1/messages", body, { headers });
    assert.equal(answer.status, 402);
    assert.match(JSON.parse(answer.text).error.message, says);
    await limit(proxy, column, 10_000n * CENT);
  }
  await limit(proxy, "run_cap_picos", 10n * CENT);
  const small = await proxy.call("/v1/messages", { ...hello, max_tokens: 10 }, { headers });
  assert.equal(small.status, 200, "what fits goes on");
});

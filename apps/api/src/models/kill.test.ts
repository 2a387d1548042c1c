/** F94: the proxy is killed without warning. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { sql } from "kysely";
import { beatProcess } from "./table.ts";
import { AT_ONCE, sweepAbandonedCalls } from "./sweep-calls.job.ts";
import { send, testProxy } from "./testing/proxy.ts";

const words = Array.from({ length: 200 }, (_, at) => `word${at}`).join(" ");
const body = {
  model: "claude-sonnet-5",
  max_tokens: 2_000,
  messages: [{ role: "user", content: "hello" }],
  stream: true,
};

async function spawnProxy(t: TestContext, env: Record<string, string>) {
  const main = fileURLToPath(new URL("testing/proxy-process.ts", import.meta.url));
  const child = spawn(process.execPath, [main], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  t.after(kill);
  const [line] = await once(createInterface(child.stdout), "line");
  return { url: (JSON.parse(String(line)) as { url: string }).url, kill };
}

test("F94 calls of a killed proxy are closed once, as estimates at or below the truth, and free their reservation", async (t) => {
  const { deps, bot, env, control, truth } = await testProxy(t, { standIn: { DELAY_MS: "20" } });
  const { url, kill } = await spawnProxy(t, { ...env, DATABASE_URL: deps.config.database.url });
  await control({ kind: "reply", text: words, times: 0 });
  const running = Array.from({ length: 8 }, () => send(`${url}/v1/messages`, body, { key: bot.key }));
  // The proxy notes running calls every 2 s: killed after that, not all is lost.
  const noted = async () =>
    (await deps.db.selectFrom("app.usage_logs").select("id").where("tokens_out", ">", 0n).execute())
      .length === running.length;
  while (!(await noted())) await deps.clock.sleep(20);
  await kill();
  const answers = await Promise.all(running);
  assert.ok(answers.every((answer) => answer.wasCut));
  assert.match(await sweepAbandonedCalls(deps, AT_ONCE), /closed 8/);
  assert.equal(await sweepAbandonedCalls(deps, AT_ONCE), "");
  const rows = await deps.db.selectFrom("app.usage_logs").selectAll().execute();
  const entries = await truth();
  assert.equal(rows.length, entries.length);
  const most = BigInt(entries[0]?.usage.output ?? 0);
  for (const row of rows) {
    assert.deepEqual([row.state, row.reason], ["estimated", "process_ended"]);
    assert.ok(row.tokens_out > 0n && row.tokens_out <= most);
    assert.ok(row.cost_picos > 0n && row.cost_picos <= row.reserved_picos);
  }
  const cost = rows.reduce((sum, row) => sum + row.cost_picos, 0n);
  const { rows: budgets } = await sql<{ day_picos: bigint }>`select day_picos from app.model_budgets`.execute(
    deps.db,
  );
  assert.deepEqual(budgets, [{ day_picos: cost }]);
});

test("F94 whoever saw an answer end can be sure it is settled, though the proxy dies at that moment", async (t) => {
  const { deps, bot, env, truth } = await testProxy(t);
  const { url, kill } = await spawnProxy(t, { ...env, DATABASE_URL: deps.config.database.url });
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => send(`${url}/v1/messages`, body, { key: bot.key })),
  );
  await kill();
  for (const answer of answers) assert.match(answer.text, /message_stop/);
  const rows = await deps.db.selectFrom("app.usage_logs").selectAll().execute();
  const outputs = (await truth()).map((entry) => BigInt(entry.usage.output));
  assert.deepEqual(
    rows.map((row) => [row.state, row.tokens_out]),
    outputs.map((output) => ["settled", output]),
  );
  assert.equal(await sweepAbandonedCalls(deps, AT_ONCE), "");
});

test("F94 a proxy that lives keeps its calls: the sweeper leaves them alone", async (t) => {
  const { deps, call, control, standIn } = await testProxy(t);
  await control({ kind: "silent" });
  const leaving = new AbortController();
  const running = call("/v1/messages", body, { signal: leaving.signal }).catch(() => undefined);
  while ((await deps.db.selectFrom("app.usage_logs").select("id").execute()).length === 0)
    await deps.clock.sleep(5);
  assert.equal(await sweepAbandonedCalls(deps), "");
  const [row] = await deps.db.selectFrom("app.usage_logs").selectAll().execute();
  assert.equal(row?.state, "reserved");
  leaving.abort();
  await running;
  await standIn.stop();
});

test("F94 after an outage all are silent: a proxy is suspected first, and what it says next lifts that", async (t) => {
  const { deps, call, control, standIn } = await testProxy(t);
  await control({ kind: "silent" });
  const leaving = new AbortController();
  const running = call("/v1/messages", body, { signal: leaving.signal }).catch(() => undefined);
  const states = async () =>
    (await deps.db.selectFrom("app.usage_logs").select("state").execute()).map(({ state }) => state);
  while ((await states()).length === 0) await deps.clock.sleep(5);
  const silence = (ms: number) =>
    sql`update app.model_processes set seen_at = now() - ${ms} * interval '1 millisecond'`.execute(deps.db);
  const doubt = { processGraceMs: 30_000, doubtMs: 60_000 };
  await silence(45_000);
  assert.equal(await sweepAbandonedCalls(deps, doubt), "");
  const { rows } = await sql<{ id: string }>`
    select id from app.model_processes where suspected_at is not null`.execute(deps.db);
  assert.equal(rows.length, 1);
  await beatProcess(deps.db, rows[0]?.id ?? "");
  // As long afterwards as makes a suspect a dead one.
  assert.equal(await sweepAbandonedCalls(deps, { ...doubt, doubtMs: 0 }), "");
  assert.deepEqual(await states(), ["reserved"]);
  await silence(45_000);
  assert.match(await sweepAbandonedCalls(deps, { ...doubt, doubtMs: 0 }), /closed 1/, "silent for good");
  leaving.abort();
  await running;
  await standIn.stop();
});

test("F94 a proxy that was only frozen finds its call swept, and the row ends with the provider's numbers", async (t) => {
  const { deps, call, control, truth } = await testProxy(t, { standIn: { DELAY_MS: "20" } });
  await control({ kind: "reply", text: words, times: 0 });
  const running = call("/v1/messages", body);
  while ((await deps.db.selectFrom("app.usage_logs").select("id").execute()).length === 0)
    await deps.clock.sleep(5);
  // As if it had not been heard of: no process was seen within the last 0 ms.
  assert.match(await sweepAbandonedCalls(deps, AT_ONCE), /closed 1/);
  assert.match((await running).text, /message_stop/);
  const [row] = await deps.db.selectFrom("app.usage_logs").selectAll().execute();
  const [entry] = await truth();
  assert.deepEqual(
    [row?.state, row?.reason, row?.tokens_out, row?.provider_request_id],
    ["settled", "corrected", BigInt(entry?.usage.output ?? 0), entry?.requestId],
  );
  const { rows } =
    await sql`select (select sum(cost_picos) from app.usage_days)::bigint as days, day_picos as day
    from app.model_budgets`.execute(deps.db);
  assert.deepEqual(rows, [{ days: row?.cost_picos, day: row?.cost_picos }]);
});

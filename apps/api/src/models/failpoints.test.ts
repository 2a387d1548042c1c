/** The proxy dies at the three moments of a call that decide what is billed. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { AT_ONCE, sweepAbandonedCalls } from "./sweep-calls.job.ts";
import { send, testProxy } from "./testing/proxy.ts";

const body = {
  model: "claude-sonnet-5",
  max_tokens: 500,
  messages: [{ role: "user", content: "hello" }],
  stream: true,
};

for (const { point, served, name } of [
  { point: "after-intent", served: 0, name: "before a byte has left, costs nothing" },
  { point: "mid-stream", served: 1, name: "with the first bytes of an answer, costs at most the truth" },
  {
    point: "after-usage-before-commit",
    served: 1,
    name: "with the numbers in hand, costs at most the truth",
  },
]) {
  test(`F94 a call whose proxy dies ${name}, and is closed once`, async (t) => {
    const { deps, bot, env, truth } = await testProxy(t);
    const main = fileURLToPath(new URL("testing/proxy-process.ts", import.meta.url));
    const child = spawn(process.execPath, [main], {
      env: { ...env, DATABASE_URL: deps.config.database.url, MOLT_FAILPOINT: `${point}:kill` },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exited = once(child, "exit");
    t.after(() => child.kill("SIGKILL"));
    const [line] = await once(createInterface(child.stdout), "line");
    const { url } = JSON.parse(String(line)) as { url: string };
    // The connection breaks before or within the answer.
    await send(`${url}/v1/messages`, body, { key: bot.key }).catch((error: unknown) => error);
    const [, died] = await exited;
    assert.equal(died, "SIGKILL");
    const entries = await truth();
    assert.equal(entries.length, served);
    assert.match(await sweepAbandonedCalls(deps, AT_ONCE), /closed 1/);
    assert.equal(await sweepAbandonedCalls(deps, AT_ONCE), "");
    const [row, ...more] = await deps.db.selectFrom("app.usage_logs").selectAll().execute();
    assert.deepEqual([row?.state, row?.reason, more.length], ["estimated", "process_ended", 0]);
    assert.ok((row?.tokens_out ?? 0n) <= BigInt(entries[0]?.usage.output ?? 0));
    if (served === 0) assert.equal(row?.cost_picos, 0n);
  });
}

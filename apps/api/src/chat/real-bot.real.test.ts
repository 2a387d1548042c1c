/**
 * The real OpenClaw, booted once, through the model proxy: what stands in the ledger afterwards, and
 * what the user reads in the chat when something is wrong. Both wire formats of the providers, and
 * OpenAI's newer one.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { type RealBot, startRealBot } from "./testing/real-bot.ts";

/** Rows of the runs of these messages, oldest first, once none is open. */
async function rowsOf(bot: RealBot, messageId: string, count: number) {
  for (let attempt = 0; ; attempt += 1) {
    const rows = await bot.deps.db
      .selectFrom("app.usage_logs")
      .selectAll()
      .where("message_id", "=", messageId)
      .orderBy("timestamp")
      .execute();
    if (rows.length >= count && rows.every((row) => row.state !== "reserved")) return rows;
    assert.ok(attempt < 1_000, `${rows.length} of ${count} rows after ten seconds`);
    await bot.deps.clock.sleep(10);
  }
}

/** What a stack, a status line or a bare wire error would look like. */
const TECHNICAL = /\n\s+at |Error:|HTTP \d|\{"|undefined|null|ECONN|status code/;

/** How often the gateway met our 402: it logs each answer of a model. The ledger keeps one row for many. */
function refusedSince(bot: RealBot, line: number): number {
  return bot.log.slice(line).filter((text) => /\[model-fetch\] response .* status=402\b/.test(text)).length;
}

/** A sentence for people stands in the chat, as the stored answer to the message. */
function assertSentence(text: string, expected: RegExp): void {
  assert.match(text, expected);
  assert.doesNotMatch(text, TECHNICAL);
}

test("F91 the real OpenClaw through the proxy", { timeout: 240_000 }, async (t) => {
  const bot = await startRealBot(t);

  for (const format of ["anthropic-messages", "openai-completions", "openai-responses"] as const)
    await t.test(`${format}: a tool call and a cached prefix are in the ledger to the token`, async () => {
      if (format !== "anthropic-messages") await bot.speakIn(format);
      const seenBefore = (await bot.truth()).length;
      const { id, answer } = await bot.say(`run echo ${format}`);
      assert.equal(answer.state, "final");
      assert.match(answer.text, new RegExp(`Done\\. .echo ${format}. said:\\s+\`\`\`\\s+${format}`));
      const rows = await rowsOf(bot, id, 2);
      const truth = (await bot.truth()).slice(seenBefore);
      assert.equal(rows.length, 2, "one call for the command, one for the answer");
      assert.deepEqual(
        rows.map((row) => ({
          requestId: row.provider_request_id,
          input: Number(row.tokens_in),
          read: Number(row.cache_read_tokens),
          write: Number(row.cache_write_tokens),
          output: Number(row.tokens_out),
          cause: row.cause,
          state: row.state,
        })),
        truth.map(({ requestId, usage }) => ({
          requestId,
          input: usage.uncached + usage.cacheRead + usage.cacheWrite5m,
          read: usage.cacheRead,
          write: usage.cacheWrite5m,
          output: usage.output,
          cause: "chat",
          state: "settled",
        })),
      );
      assert.ok((rows[1]?.cache_read_tokens ?? 0n) > 5_000n, "the prefix was read from the cache");
    });

  for (const format of ["openai-completions", "anthropic-messages"] as const) {
    await t.test(
      `${format}: a 429 and a 529 of the provider are tried again, and then answered`,
      async () => {
        await bot.speakIn(format);
        for (const status of [429, 529]) {
          await bot.control({ kind: "status", status, retryAfter: 1 });
          const { id, answer } = await bot.say(`Hello after ${status}`);
          assert.equal(answer.state, "final", answer.text);
          const rows = await rowsOf(bot, id, 2);
          assert.deepEqual(
            rows.map((row) => [row.http_status, row.cost_picos > 0n]),
            [
              [status, false],
              [200, true],
            ],
          );
        }
      },
    );

    await t.test(`${format}: a used-up budget is one call and one sentence`, async () => {
      await sql`update app.model_budgets set month_cap_picos = month_picos`.execute(bot.deps.db);
      const before = bot.log.length;
      const { answer } = await bot.say("Are you still there?");
      assert.equal(answer.state, "error");
      assertSentence(
        answer.text,
        /^Usage limit reached: the cap for this month is used up\. It resets on \w+ 1\.$/,
      );
      assert.equal(refusedSince(bot, before), 1, "it was not tried again");
      await sql`update app.model_budgets set month_cap_picos = 100000000000000`.execute(bot.deps.db);
      assert.equal((await bot.say("And now?")).answer.state, "final", "the next message works again");
    });

    await t.test(`${format}: a bot on hold says so, and goes on when it is let`, async () => {
      await sql`update app.model_budgets set held_since = now(), held_reason = 'rate'`.execute(bot.deps.db);
      const before = bot.log.length;
      const { answer } = await bot.say("Hello?");
      assert.equal(answer.state, "error");
      assertSentence(answer.text, /^Usage limit reached: .*\bhold\b.*\.$/);
      assert.equal(refusedSince(bot, before), 1, "it was not tried again");
      await sql`update app.model_budgets set held_since = null, held_reason = null`.execute(bot.deps.db);
      assert.equal((await bot.say("Hello again")).answer.state, "final");
    });
  }

  await t.test("what was refused stands in the ledger once, at no cost", async () => {
    const refused = await bot.deps.db
      .selectFrom("app.usage_logs")
      .select(["reason", "cost_picos"])
      .where("state", "=", "refused")
      .orderBy("reason")
      .execute();
    assert.deepEqual([...new Set(refused.map(({ reason }) => reason))], ["held", "month_cap"]);
    assert.ok(refused.every(({ cost_picos: cost }) => cost === 0n));
  });
});

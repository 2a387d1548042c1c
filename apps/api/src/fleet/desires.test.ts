/** The verbs that change what is wanted of a bot. They touch nothing but its row. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { sql } from "kysely";
import { withUser } from "../db/open.ts";
import type { Desired } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { open } from "../secrets.ts";
import { makeUser, testDeps } from "../testing/deps.ts";
import { askForBot } from "./ask-for-bot.ts";
import { pauseBot } from "./pause-bot.ts";
import { sleepIdleBots } from "./sleep-idle-bots.job.ts";
import { findBotOfUser, viewBot } from "./view-bot.ts";
import { wakeBot } from "./wake-bot.ts";

const ask = (deps: Deps, userId: string) =>
  deps.db.transaction().execute((trx) => askForBot(deps, trx, userId));
const rowOf = (deps: Deps, userId: string) =>
  deps.db.selectFrom("app.bots").selectAll().where("user_id", "=", userId).executeTakeFirstOrThrow();

interface State {
  status: "running" | "waking" | "asleep" | "paused" | "failed" | "deleting" | "provisioning";
  desired: Desired;
}

async function botIn(deps: Deps, state: State, lived = true): Promise<{ id: string; userId: string }> {
  const userId = await makeUser(deps);
  const { id } = await deps.db
    .insertInto("app.bots")
    .values({ user_id: userId, ...state, step: "ready", boot_id: lived ? "b" : null, attempts: 5 })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { id, userId };
}

test("ten calls at once for one user make one bot, with keys that only this row opens", async (t) => {
  const deps = await testDeps(t);
  const userId = await makeUser(deps);
  await Promise.all(Array.from({ length: 10 }, () => ask(deps, userId)));
  const bots = await deps.db.selectFrom("app.bots").selectAll().execute();
  assert.equal(bots.length, 1);
  const bot = await rowOf(deps, userId);
  const key = open(deps.config.masterKey, bot.model_key ?? "", `bots:${bot.id}:model_key`);
  assert.match(key, /^molt_[A-Za-z0-9_-]{43}$/);
  assert.deepEqual(bot.model_key_hash, createHash("sha256").update(key).digest());
  const token = open(deps.config.masterKey, bot.gateway_token ?? "", `bots:${bot.id}:gateway_token`);
  assert.equal(Buffer.from(token, "base64url").length, 32);
  assert.throws(() => open(deps.config.masterKey, bot.gateway_token ?? "", `bots:${bot.id}:model_key`));
});

for (const { name, state, lived = true, after } of [
  {
    name: "a failed bot that lived wakes",
    state: { status: "failed", desired: "running" },
    after: ["waking", "running", "boot"],
  },
  {
    name: "a failed birth begins again",
    state: { status: "failed", desired: "running" },
    lived: false,
    after: ["provisioning", "running", "queued"],
  },
  {
    name: "a paused bot wakes",
    state: { status: "paused", desired: "paused" },
    after: ["waking", "running", "boot"],
  },
  {
    name: "a running bot is left alone",
    state: { status: "running", desired: "running" },
    after: ["running", "running", "ready"],
  },
  {
    name: "a sleeping bot sleeps on",
    state: { status: "asleep", desired: "asleep" },
    after: ["asleep", "asleep", "ready"],
  },
  {
    name: "a bot that is being deleted goes",
    state: { status: "deleting", desired: "deleted" },
    after: ["deleting", "deleted", "ready"],
  },
] satisfies { name: string; state: State; lived?: boolean; after: string[] }[])
  test(`asked for again: ${name}`, async (t) => {
    const deps = await testDeps(t);
    const { userId } = await botIn(deps, state, lived);
    await ask(deps, userId);
    const row = await rowOf(deps, userId);
    assert.deepEqual([row.status, row.desired, row.step], after);
  });

for (const { state, after } of [
  { state: { status: "running", desired: "running" }, after: "paused" },
  { state: { status: "asleep", desired: "asleep" }, after: "paused" },
  { state: { status: "failed", desired: "running" }, after: "paused" },
  { state: { status: "deleting", desired: "deleted" }, after: "deleted" },
] satisfies { state: State; after: string }[])
  test(`a plan that ends while a bot is ${state.status}: ${after} is wanted`, async (t) => {
    const deps = await testDeps(t);
    const { userId } = await botIn(deps, state);
    await deps.db.transaction().execute((trx) => pauseBot(deps, trx, userId));
    assert.equal((await rowOf(deps, userId)).desired, after);
  });

for (const { state, after } of [
  { state: { status: "asleep", desired: "asleep" }, after: ["waking", "running", 0] },
  { state: { status: "running", desired: "asleep" }, after: ["running", "running", 5] },
  { state: { status: "waking", desired: "running" }, after: ["waking", "running", 5] },
  { state: { status: "failed", desired: "running" }, after: ["waking", "running", 0] },
  { state: { status: "paused", desired: "paused" }, after: ["paused", "paused", 5] },
  { state: { status: "deleting", desired: "deleted" }, after: ["deleting", "deleted", 5] },
] satisfies { state: State; after: (string | number)[] }[])
  test(`F65 written to while ${state.status} and ${state.desired} is wanted: ${after.join(", ")}`, async (t) => {
    const deps = await testDeps(t);
    const { id, userId } = await botIn(deps, state);
    const heard = new Promise((resolve) => deps.events.subscribe("bot", (event) => resolve(event.botId)));
    await deps.db.transaction().execute((trx) => wakeBot(deps, trx, id));
    const row = await rowOf(deps, userId);
    assert.deepEqual([row.status, row.desired, row.attempts], after);
    if (after[1] === "running") assert.equal(await heard, id);
  });

test("only a bot that is awake, idle and owes no answer is asked to sleep", async (t) => {
  const deps = await testDeps(t);
  const idle = await botIn(deps, { status: "running", desired: "running" });
  const owing = await botIn(deps, { status: "running", desired: "running" });
  const waking = await botIn(deps, { status: "waking", desired: "running" });
  await sql`update app.bots set last_active_at = now() - interval '16 minutes'`.execute(deps.db);
  const used = await botIn(deps, { status: "running", desired: "running" });
  await deps.db
    .insertInto("app.messages")
    .values({ bot_id: owing.id, seq: 1n, role: "user", text: "hello", state: "delivered" })
    .execute();
  assert.match(await sleepIdleBots(deps), /asked 1 bots to sleep/);
  const wishes = await Promise.all(
    [idle, owing, waking, used].map(async ({ userId }) => (await rowOf(deps, userId)).desired),
  );
  assert.deepEqual(wishes, ["asleep", "running", "running", "running"]);
});

test("X2 a user reads the own bot under row level security, and nobody else's", async (t) => {
  const deps = await testDeps(t);
  const ada = await botIn(deps, { status: "failed", desired: "running" });
  const bob = await botIn(deps, { status: "running", desired: "running" });
  await sql`update app.bots set failure_code = 'no_capacity', failure_message = 'No room.'`.execute(deps.db);
  await withUser(deps.db, ada.userId, async (trx) => {
    const own = await findBotOfUser(trx, ada.userId);
    assert.ok(own);
    const view = viewBot(own);
    assert.deepEqual([view.id, view.failure], [ada.id, { code: "no_capacity", message: "No room." }]);
    assert.equal(await findBotOfUser(trx, bob.userId), undefined);
  });
  const bobs = await findBotOfUser(deps.db, bob.userId);
  assert.equal(bobs && viewBot(bobs).failure, null, "an old failure is not shown of a bot that runs");
});

/**
 * Many bots at once on a proxy and a database that are killed again and again, with callers that
 * hang up and a provider that breaks off. Whatever happens, the ledger must agree with the provider:
 * `verify` says where it does not.
 */
import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { openDatabase } from "../../apps/api/src/db/open.ts";
import { createLog } from "../../apps/api/src/log.ts";
import { AT_ONCE, sweepAbandonedCalls } from "../../apps/api/src/models/sweep-calls.job.ts";
import { callOnce, type CallEnd } from "./callers.ts";
import { startOrigin } from "./origin.ts";
import { Proxies } from "./proxies.ts";
import { type Verdict, verify } from "./verify.ts";

export interface StormOptions {
  /** Address of a migrated, empty database. */
  database: string;
  calls: number;
  /** At the same time. */
  lanes: number;
  bots: number;
  /** Shares, 0..1. */
  leaving: number;
  cuts: number;
  /** kill -9 of the proxy, spread over the calls. */
  kills: number;
  /** Called that often as well, spread in between: what kills the database and brings it back. */
  quakes?: { count: number; strike(): Promise<void> };
  /** Told now and then how many calls are over. */
  progress?(done: number): void;
}

const KEY = "sk-storm-provider-key";

export async function storm(options: StormOptions): Promise<Verdict & { kills: number; quakes: number }> {
  const random = Math.random;
  const keys = await makeBots(options.database, options.bots);
  const origin = await startOrigin({ cuts: options.cuts, random });
  const proxies = new Proxies({
    DATABASE_URL: options.database,
    ANTHROPIC_API_KEY: KEY,
    ANTHROPIC_BASE_URL: origin.url,
  });
  const ends: CallEnd[] = [];
  let started = 0;
  const lane = async () => {
    while (started < options.calls) {
      started += 1;
      ends.push(await callThrough({ proxies, key: pick(keys, random), leaving: options.leaving, random }));
      if (ends.length % 100 === 0) options.progress?.(ends.length);
    }
  };
  let quakes = 0;
  const strikes = options.quakes?.count ?? 0;
  const killing = (async () => {
    for (let at = 0; at < options.kills; at += 1) {
      const due = (options.calls * (at + 1)) / (options.kills + 1);
      while (ends.length < due) await delay(5);
      await delay(random() * 100);
      await proxies.kill();
      if (
        options.quakes &&
        at + 1 === Math.floor((options.kills * (quakes + 1)) / (strikes + 1)) &&
        quakes < strikes
      ) {
        quakes += 1;
        await options.quakes.strike();
      }
    }
  })();
  await Promise.all([killing, ...Array.from({ length: options.lanes }, lane)]);
  await proxies.stop();
  await sweepAll(options.database);
  const verdict = await verify(options.database, origin.truth, ends);
  await origin.close();
  return { ...verdict, kills: proxies.kills, quakes };
}

interface Attempt {
  proxies: Proxies;
  key: string;
  leaving: number;
  random(): number;
}

/**
 * One call that was let through. Nobody there, or the ledger's database away (503): tries again, as
 * a bot does, with a mark of its own each time. What was not let through costs nothing: `verify`
 * finds it by its mark if it did.
 */
async function callThrough({ proxies, key, leaving, random }: Attempt): Promise<CallEnd> {
  for (;;) {
    const leaveAfter = random() < leaving ? 1 + Math.floor(random() * 6_000) : undefined;
    const end = await callOnce({ url: await proxies.url(), key, leaveAfter });
    if (end.outcome !== "unreachable" && end.status !== 503) return end;
    await delay(20);
  }
}

function pick<T>(list: readonly T[], random: () => number): T {
  const item = list[Math.floor(random() * list.length)];
  if (item === undefined) throw new Error("the list is empty");
  return item;
}

/** Closes what the killed processes left open. No process lives any more, so none has to be waited for. */
async function sweepAll(database: string): Promise<void> {
  const db = openDatabase(database, { name: "storm", max: 1 });
  try {
    while ((await sweepAbandonedCalls({ db, log: createLog([], "silent") }, AT_ONCE)) !== "");
  } finally {
    await db.destroy();
  }
}

/** Paying users with a bot each, whose caps are out of the way. */
async function makeBots(database: string, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, () => `molt_${randomBytes(32).toString("base64url")}`);
  const client = new pg.Client({ connectionString: database });
  await client.connect();
  try {
    await client.query(
      `with auth_rows as (
         insert into auth.users (email) select 'storm' || n || '@example.com' from generate_series(1, $1::int) n returning id, email
       ), user_rows as (
         insert into app.users (id, email, subscription_status) select id, email, 'active' from auth_rows returning id
       ), numbered as (select id, row_number() over () as n from user_rows), bot_rows as (
         insert into app.bots (user_id, status, model_key_hash) select id, 'running', ($2::bytea[])[n] from numbered returning id
       )
       insert into app.model_budgets (bot_id, day_cap_picos, month_cap_picos, unattended_day_cap_picos, run_cap_picos)
       select id, $3, $3, $3, $3 from bot_rows`,
      [count, keys.map((key) => createHash("sha256").update(key).digest()), "1000000000000000000"],
    );
  } finally {
    await client.end();
  }
  return keys;
}

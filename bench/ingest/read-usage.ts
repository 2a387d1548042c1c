/** GET /usage over a socket, for a user with few calls and for one with a million. */
import { request } from "node:http";
import type pg from "pg";
import { systemClock } from "../../apps/api/src/clock.ts";
import { readConfig } from "../../apps/api/src/config.ts";
import { openDatabase } from "../../apps/api/src/db/open.ts";
import { openEvents } from "../../apps/api/src/events.ts";
import type { Authenticator } from "../../apps/api/src/http/authenticate.ts";
import { buildServer } from "../../apps/api/src/http/build-server.ts";
import { createLog } from "../../apps/api/src/log.ts";
import { testEnvironment } from "../../apps/api/src/testing/deps.ts";
import { usageRoutes } from "../../apps/api/src/usage/routes.ts";
import type { IngestDatabase } from "./database.ts";

const MILLION = 1_000_000;
const FEW = 100;
/** The server lets an address ask 600 times a minute. */
const REQUESTS = 250;

export interface UsageFigures {
  calls: number;
  p50Ms: number;
  p95Ms: number;
}

export async function measureUsage(database: IngestDatabase): Promise<UsageFigures[]> {
  const [few, million] = database.users;
  if (!few || !million) throw new Error("there are no users");
  await addCalls(database.client, few.botId, FEW);
  await addCalls(database.client, million.botId, MILLION);
  await database.client.query(
    "vacuum analyze app.usage_logs, app.usage_messages, app.usage_days, app.messages",
  );
  const { url } = database;
  const clock = systemClock();
  const log = createLog([], "silent");
  const db = openDatabase(url, { name: "bench-usage", max: 20 });
  const events = await openEvents({ url, log, clock });
  const config = readConfig(testEnvironment({ DATABASE_URL: url }));
  const deps = { config, db, log, clock, events };
  const app = await buildServer(deps);
  usageRoutes({ app, authenticator: idAsToken() }, deps);
  try {
    const address = await app.listen({ host: "127.0.0.1", port: 0 });
    return [await measure(address, few.userId, FEW), await measure(address, million.userId, MILLION)];
  } finally {
    await app.close();
    await events.close();
    await db.destroy();
  }
}

/** A month of one user, as the ledger and its roll-ups hold it: a message has 20 calls. */
async function addCalls(client: pg.Client, botId: string, calls: number): Promise<void> {
  await client.query("delete from app.usage_days where bot_id = $1", [botId]);
  await client.query("delete from app.usage_messages where bot_id = $1", [botId]);
  await client.query("delete from app.usage_logs where bot_id = $1", [botId]);
  await client.query(
    `insert into app.messages (bot_id, seq, role, text, state)
     select $1, 1000 + n, 'user', 'question ' || n, 'answered' from generate_series(1, $2::int / 20) n`,
    [botId, calls],
  );
  await client.query(
    `insert into app.usage_logs (bot_id, model, state, cause, provider, price_version, tokens_in, tokens_out,
       cost_picos, http_status, message_id, "timestamp")
     select $1, (array['claude-sonnet-5', 'gpt-5.2', 'claude-haiku-5'])[1 + c % 3], 'settled', 'chat', 'anthropic',
       '2026-11-20', 5000, 350, (random() * 1e10)::bigint, 200, m.id,
       greatest(date_trunc('month', now() at time zone 'utc') at time zone 'utc', now() - random() * interval '20 days')
     from app.messages m, generate_series(1, 20) c where m.bot_id = $1 and m.seq > 1000`,
    [botId],
  );
  const sums = "count(*), sum(tokens_in), sum(tokens_out), sum(cost_picos)";
  await client.query(
    `insert into app.usage_days (bot_id, day, model, cause, calls, tokens_in, tokens_out, cost_picos)
     select bot_id, ("timestamp" at time zone 'utc')::date, model, cause, ${sums}
     from app.usage_logs where bot_id = $1 group by 1, 2, 3, 4`,
    [botId],
  );
  await client.query(
    `insert into app.usage_messages (bot_id, month, message_id, first_at, calls, tokens_in, tokens_out, cost_picos)
     select bot_id, date_trunc('month', "timestamp" at time zone 'utc')::date, message_id, min("timestamp"), ${sums}
     from app.usage_logs where bot_id = $1 group by 1, 2, 3`,
    [botId],
  );
}

/** What a token costs to check is measured elsewhere; here the token is the user's id. */
function idAsToken(): Authenticator {
  return {
    user: async (token) => ({ userId: token ?? "", email: "", expiresAt: new Date(Date.now() + 3_600_000) }),
    bot: () => Promise.reject(new Error("no bot asks here")),
  };
}

async function measure(address: string, userId: string, calls: number): Promise<UsageFigures> {
  const times: number[] = [];
  for (let at = 0; at < REQUESTS; at += 1) {
    const began = performance.now();
    const answer = await get(`${address}/usage`, userId);
    times.push(performance.now() - began);
    if (answer.total.calls !== calls || answer.recent.length !== 100 || answer.byMessage.length === 0)
      throw new Error(`the answer is not whole: ${answer.total.calls} calls of ${calls}`);
  }
  const sorted = times.slice(REQUESTS / 10).toSorted((a, b) => a - b);
  const at = (share: number) => sorted[Math.floor(sorted.length * share)] ?? 0;
  return { calls, p50Ms: at(0.5), p95Ms: at(0.95) };
}

interface UsageAnswer {
  total: { calls: number };
  recent: unknown[];
  byMessage: unknown[];
}

function get(url: string, token: string): Promise<UsageAnswer> {
  return new Promise((resolve, reject) => {
    const req = request(url, { headers: { authorization: `Bearer ${token}` } }, (res) => {
      const chunks: Buffer[] = [];
      res.on("data", (chunk: Buffer) => chunks.push(chunk));
      res.on("error", reject);
      res.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        if (res.statusCode === 200) resolve(JSON.parse(text) as UsageAnswer); // checked by the caller
        else reject(new Error(`GET /usage answered ${res.statusCode}: ${text.slice(0, 200)}`));
      });
    });
    req.on("error", reject);
    req.end();
  });
}

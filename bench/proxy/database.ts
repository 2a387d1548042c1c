/** A durable Postgres of the bench's own, with one bot that may spend without end. */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../apps/api/src/db/migrate.ts";
import { startPostgres } from "../../local/postgres/postgres.ts";
import { prepareDatabase } from "../../local/postgres/prepare.ts";
import { freePort } from "../../scripts/lib/ports.ts";

export interface BenchDatabase {
  url: string;
  /** The bot's key for the proxy. */
  key: string;
  stop(): Promise<void>;
}

export async function openBenchDatabase(): Promise<BenchDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "molt-bench-"));
  const postgres = await startPostgres({ dataDir: folder, port: await freePort(), durable: true });
  await prepareDatabase(postgres.url, "bench");
  const url = postgres.url("bench");
  await migrate(url);
  return {
    url,
    key: await makeBot(url),
    async stop() {
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function makeBot(url: string): Promise<string> {
  const key = `molt_${randomBytes(32).toString("base64url")}`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      "insert into auth.users (email) values ('bench@example.com') returning id",
    );
    const userId = rows[0]?.id;
    await client.query(
      "insert into app.users (id, email, subscription_status) values ($1, 'bench@example.com', 'active')",
      [userId],
    );
    const hash = createHash("sha256").update(key).digest();
    const bot = await client.query<{ id: string }>(
      "insert into app.bots (user_id, status, model_key_hash) values ($1, 'running', $2) returning id",
      [userId, hash],
    );
    const much = "1000000000000000000";
    await client.query(
      `insert into app.model_budgets (bot_id, day_cap_picos, month_cap_picos, unattended_day_cap_picos, run_cap_picos)
       values ($1, $2, $2, $2, $2)
       on conflict (bot_id) do update set day_cap_picos = $2, month_cap_picos = $2,
         unattended_day_cap_picos = $2, run_cap_picos = $2`,
      [bot.rows[0]?.id, much],
    );
  } finally {
    await client.end();
  }
  return key;
}

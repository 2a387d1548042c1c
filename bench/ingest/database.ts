/** A durable Postgres of the bench's own with a thousand users, each with a bot and some messages. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { migrate } from "../../apps/api/src/db/migrate.ts";
import { startPostgres } from "../../local/postgres/postgres.ts";
import { prepareDatabase } from "../../local/postgres/prepare.ts";
import { freePort } from "../../scripts/lib/ports.ts";

export interface IngestDatabase {
  url: string;
  client: pg.Client;
  users: readonly IngestUser[];
  stop(): Promise<void>;
}

export interface IngestUser {
  userId: string;
  botId: string;
  /** As traces carry them. */
  messages: readonly string[];
}

const USERS = 1_000;
const MESSAGES_EACH = 5;

export async function openIngestDatabase(): Promise<IngestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "molt-bench-"));
  const postgres = await startPostgres({ dataDir: folder, port: await freePort(), durable: true });
  await prepareDatabase(postgres.url, "bench");
  const url = postgres.url("bench");
  await migrate(url);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await addUsers(client);
  return {
    url,
    client,
    users: await readUsers(client),
    async stop() {
      await client.end();
      await postgres.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function addUsers(client: pg.Client): Promise<void> {
  await client.query(
    "insert into auth.users (email) select 'user-' || n || '@example.com' from generate_series(1, $1::int) n",
    [USERS],
  );
  await client.query(
    "insert into app.users (id, email, subscription_status) select id, email, 'active' from auth.users",
  );
  await client.query("insert into app.bots (user_id, status) select id, 'running' from app.users");
  await client.query(
    `insert into app.messages (bot_id, seq, role, text, state)
     select id, n, 'user', 'a question', 'answered' from app.bots, generate_series(1, $1::int) n`,
    [MESSAGES_EACH],
  );
  const much = "1000000000000000000";
  await client.query(
    `insert into app.model_budgets (bot_id, day_cap_picos, month_cap_picos, unattended_day_cap_picos, run_cap_picos, run_max_calls)
     select id, $1, $1, $1, $1, 1000000 from app.bots
     on conflict (bot_id) do update set day_cap_picos = $1, month_cap_picos = $1, unattended_day_cap_picos = $1,
       run_cap_picos = $1, run_max_calls = 1000000`,
    [much],
  );
  await client.query("vacuum analyze");
}

async function readUsers(client: pg.Client): Promise<IngestUser[]> {
  const { rows } = await client.query<IngestUser>(
    `select b.user_id as "userId", b.id as "botId", array_agg(replace(m.id::text, '-', '')) as messages
     from app.bots b join app.messages m on m.bot_id = b.id group by b.id`,
  );
  return rows;
}

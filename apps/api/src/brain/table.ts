import { type Brain, brain } from "@molt/contract";
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";

/** Keeps the newest; a slower reader that finishes later with an older picture changes nothing. */
export async function storeSnapshot(db: Kysely<Database>, botId: string, snapshot: Brain): Promise<void> {
  // jsonb refuses NUL (22P05), which a bot may well have written into a file.
  const json = JSON.stringify(snapshot).replaceAll("\\u0000", "");
  await sql`
    insert into app.brain_snapshots (bot_id, taken_at, brain) values (${botId}, ${snapshot.takenAt}, ${json}::jsonb)
    on conflict (bot_id) do update set taken_at = excluded.taken_at, brain = excluded.brain
    where app.brain_snapshots.taken_at <= excluded.taken_at`.execute(db);
}

export async function selectSnapshot(db: Kysely<Database>, botId: string): Promise<Brain | undefined> {
  const row = await db
    .selectFrom("app.brain_snapshots")
    .select("brain")
    .where("bot_id", "=", botId)
    .executeTakeFirst();
  return row ? { ...brain.parse(row.brain), live: false } : undefined;
}

/** Awake bots that were at work since their last picture, or have none yet. */
export async function selectChangedMinds(db: Kysely<Database>, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select b.id from app.bots b left join app.brain_snapshots s on s.bot_id = b.id
    where b.status = 'running' and (s.taken_at is null or s.taken_at < b.last_active_at)
    order by s.taken_at nulls first limit ${limit}`.execute(db);
  return rows.map((row) => row.id);
}

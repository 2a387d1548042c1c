/** Whether a worker is at work: each says so every few seconds. */
import { randomUUID } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { Database } from "../db/types.ts";
import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "./loop.ts";

const EVERY_MS = 10_000;
/** A worker that was not heard of for so long is gone. */
const GONE_MS = 35_000;

export function startBeats(deps: Deps): Loop {
  const id = randomUUID();
  return startLoop(deps, {
    name: "beat",
    everyMs: EVERY_MS,
    async run() {
      await beat(deps.db, id);
      return "";
    },
  });
}

/** Also forgets workers that ended long ago. */
export async function beat(db: Kysely<Database>, id: string): Promise<void> {
  await sql`insert into app.worker_beats (id) values (${id}::uuid)
    on conflict (id) do update set seen_at = now()`.execute(db);
  await sql`delete from app.worker_beats where seen_at < now() - interval '1 day'`.execute(db);
}

export async function isWorkerAlive(db: Kysely<Database>): Promise<boolean> {
  const { rows } = await sql<{ alive: boolean }>`select exists (
    select from app.worker_beats where seen_at > now() - ${GONE_MS} * interval '1 millisecond') as alive`.execute(
    db,
  );
  return rows[0]?.alive ?? false;
}

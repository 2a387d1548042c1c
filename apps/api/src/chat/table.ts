/**
 * The mailbox: numbered, stored messages between a person and a bot. Every append goes through the
 * bot's own row, which hands out the next number: two writers queue there, so numbers have no gaps
 * and their order is the order of the commits.
 */
import type { Message, MessageState } from "@molt/contract";
import { type Kysely, type Selectable, sql } from "kysely";
import type { Database, MessageTable } from "../db/types.ts";

export type MessageRow = Selectable<MessageTable>;

export function toMessage(row: MessageRow): Message {
  return {
    id: row.id,
    seq: Number(row.seq), // counts messages of one bot: far below 2^53
    role: row.role,
    text: row.text,
    state: row.state,
    at: row.at.toISOString(),
    clientId: row.client_id,
    replyTo: row.reply_to,
  };
}

export interface Appended {
  message: Message;
  /** The device sent it again after a lost acknowledgement; nothing was added. */
  duplicate: boolean;
}

/**
 * Stores a person's message and, on the same row and in the same transaction, asks the bot to be
 * awake: a sleep decided at the same moment either sees this message's time or is overruled by it.
 * @returns undefined when the bot may not run (paused, being deleted): nothing was stored.
 */
export async function appendUserMessage(
  db: Kysely<Database>,
  input: { botId: string; clientId: string; text: string },
): Promise<Appended | undefined> {
  return db.transaction().execute(async (trx) => {
    const { rows: bots } = await sql<{
      desired: string;
    }>`select desired from app.bots where id = ${input.botId} for update`.execute(trx);
    const known = await trx
      .selectFrom("app.messages")
      .selectAll()
      .where("bot_id", "=", input.botId)
      .where("client_id", "=", input.clientId)
      .executeTakeFirst();
    if (known) return { message: toMessage(known), duplicate: true };
    if (bots[0]?.desired !== "running" && bots[0]?.desired !== "asleep") return undefined;
    const { rows } = await sql<{ last_seq: bigint }>`
      update app.bots set last_seq = last_seq + 1, last_active_at = now(), desired = 'running'
      where id = ${input.botId} returning last_seq`.execute(trx);
    const row = await trx
      .insertInto("app.messages")
      .values({
        bot_id: input.botId,
        seq: rows[0]?.last_seq ?? 0n,
        role: "user",
        text: input.text,
        state: "queued",
        client_id: input.clientId,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    return { message: toMessage(row), duplicate: false };
  });
}

export interface BotMessage {
  botId: string;
  text: string;
  state: Extract<MessageState, "final" | "stopped" | "interrupted" | "error">;
  /** The message this answers; null when the bot speaks of its own accord. */
  replyTo: string | null;
  /** Distinguishes what the bot says of its own accord; the same run is stored once. */
  runId: string | null;
}

/**
 * Stores what the bot said and closes the message it answers. A second answer to the same message,
 * the same run again, or a message that is not a person's to this bot changes nothing and answers
 * undefined.
 */
export async function appendBotMessage(
  db: Kysely<Database>,
  input: BotMessage,
): Promise<Message | undefined> {
  return db.transaction().execute(async (trx) => {
    await sql`select from app.bots where id = ${input.botId} for update`.execute(trx);
    const { rows: there } = await sql`
      select from app.messages where bot_id = ${input.botId}
        and (reply_to = ${input.replyTo}::uuid or run_id = ${input.runId}::text)`.execute(trx);
    if (there.length > 0) return undefined;
    if (input.replyTo) {
      // An id from outside may be anybody's: only a person's message to this bot can be answered.
      const { rows: asked } = await sql`
        select from app.messages where id = ${input.replyTo} and bot_id = ${input.botId} and role = 'user'`.execute(
        trx,
      );
      if (asked.length === 0) return undefined;
    }
    const { rows } = await sql<{ last_seq: bigint }>`
      update app.bots set last_seq = last_seq + 1, last_active_at = now() where id = ${input.botId} returning last_seq`.execute(
      trx,
    );
    const row = await trx
      .insertInto("app.messages")
      .values({
        bot_id: input.botId,
        seq: rows[0]?.last_seq ?? 0n,
        role: "bot",
        text: input.text,
        state: input.state,
        reply_to: input.replyTo,
        run_id: input.runId,
      })
      .returningAll()
      .executeTakeFirstOrThrow();
    if (input.replyTo)
      await trx
        .updateTable("app.messages")
        .set({ state: "answered" })
        .where("id", "=", input.replyTo)
        .execute();
    return toMessage(row);
  });
}

/** Moves a user message forward. A message that was answered meanwhile stays answered. */
export async function markDelivered(
  db: Kysely<Database>,
  botId: string,
  messageId: string,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("app.messages")
    .set({ state: "delivered" })
    .where("id", "=", messageId)
    .where("bot_id", "=", botId)
    .where("state", "=", "queued")
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** The messages a bot has not answered yet, oldest first: what survives a crash of this process. */
export async function selectOpen(db: Kysely<Database>, botId: string, limit = 50): Promise<Message[]> {
  const rows = await db
    .selectFrom("app.messages")
    .selectAll()
    .where("bot_id", "=", botId)
    .where("role", "=", "user")
    .where("state", "in", ["queued", "delivered"])
    .orderBy("seq")
    .limit(limit)
    .execute();
  return rows.map(toMessage);
}

/** The newest `limit` messages after a number, oldest first. */
export async function selectAfter(
  db: Kysely<Database>,
  botId: string,
  { after, limit }: { after: number; limit: number },
): Promise<Message[]> {
  const rows = await db
    .selectFrom("app.messages")
    .selectAll()
    .where("bot_id", "=", botId)
    .where("seq", ">", BigInt(after))
    .orderBy("seq", "desc")
    .limit(limit)
    .execute();
  return rows.toReversed().map(toMessage);
}

/** A page before a number, oldest first, and whether there is more before it. */
export async function selectBefore(
  db: Kysely<Database>,
  botId: string,
  page: { before: number | undefined; limit: number },
): Promise<{ messages: Message[]; hasMore: boolean }> {
  let query = db.selectFrom("app.messages").selectAll().where("bot_id", "=", botId);
  if (page.before !== undefined) query = query.where("seq", "<", BigInt(page.before));
  const rows = await query
    .orderBy("seq", "desc")
    .limit(page.limit + 1)
    .execute();
  return {
    messages: rows.slice(0, page.limit).toReversed().map(toMessage),
    hasMore: rows.length > page.limit,
  };
}

export interface ChatBot {
  id: string;
  userId: string;
  flyAppId: string | null;
  gatewayToken: string | null;
}

/** Bots this process should hold a line to: those that are awake. */
export async function selectReachable(db: Kysely<Database>): Promise<ChatBot[]> {
  const rows = await db
    .selectFrom("app.bots")
    .select(["id", "user_id", "fly_app_id", "gateway_token"])
    .where("status", "=", "running")
    .where("fly_app_id", "is not", null)
    .limit(10_000)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    flyAppId: row.fly_app_id,
    gatewayToken: row.gateway_token,
  }));
}

/** Bots that have unanswered messages but are not asked to run: a message must always pull its bot. */
export async function wakeForOpenMessages(db: Kysely<Database>): Promise<number> {
  const { numAffectedRows } = await sql`
    update app.bots set desired = 'running', next_attempt_at = now()
    where desired = 'asleep' and id in
      (select bot_id from app.messages where role = 'user' and state in ('queued', 'delivered'))`.execute(db);
  return Number(numAffectedRows ?? 0n);
}

/** The bot is being used: moves the idle clock. Called for frames that carry work, not for open tabs. */
export async function touchBot(db: Kysely<Database>, botId: string): Promise<void> {
  await sql`update app.bots set last_active_at = now() where id = ${botId}`.execute(db);
}

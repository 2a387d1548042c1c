/** Paying users whose bots spend, and the meter as Stripe sees it. */
import { randomUUID } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { Database } from "../../db/types.ts";
import { noTokens } from "../../models/cost.ts";
import { Ledger } from "../../models/ledger.ts";
import { foldUsage } from "../fold-usage.ts";
import { sendBatches } from "../send-batches.job.ts";
import { syncSubscription } from "../sync-subscription.ts";
import { payAs, userRow, type World } from "./world.ts";

export interface Payer {
  userId: string;
  botId: string;
  customer: string;
  subscription: string;
}

/** A user at the end of a paid checkout, with the bot that follows from it. Caps are out of the way. */
export async function makePayer(world: World): Promise<Payer> {
  const userId = await world.signIn();
  const { customer, subscription } = await payAs(world, userId);
  await syncSubscription(world.deps, customer);
  const bot = await world.deps.db
    .selectFrom("app.bots")
    .select("id")
    .where("user_id", "=", userId)
    .executeTakeFirstOrThrow();
  const cap = 10n ** 17n;
  await sql`insert into app.model_budgets (bot_id, day_cap_picos, month_cap_picos, unattended_day_cap_picos, run_cap_picos)
    values (${bot.id}, ${cap}, ${cap}, ${cap}, ${cap})`.execute(world.deps.db);
  return { userId, botId: bot.id, customer, subscription };
}

/** Calls through the ledger as the proxy writes them: reserved, then settled at these costs. */
export async function spend(
  { deps }: Pick<World, "deps">,
  botId: string,
  costs: readonly bigint[],
): Promise<void> {
  const ledger = await Ledger.open(deps);
  try {
    await Promise.all(
      costs.map(async (costPicos) => {
        const callId = randomUUID();
        const names = { model: "molt-demo-1", provider: "molt", priceVersion: "test" };
        const { refusal } = await ledger.reserve({
          callId,
          botId,
          ...names,
          reservedPicos: costPicos,
          traceId: undefined,
        });
        if (refusal) throw new Error(`the call was refused: ${refusal}`);
        await ledger.settle({
          callId,
          botId,
          state: "settled",
          tokens: { ...noTokens, input: 1 },
          costPicos,
          providerRequestId: callId,
          httpStatus: 200,
          firstByteMs: 1,
          latencyMs: 2,
          reason: undefined,
        });
      }),
    );
  } finally {
    await ledger.close();
  }
}

/** What the worker's loop does every minute, without its pause between two batches of a user. */
export async function report(world: Pick<World, "deps">): Promise<void> {
  const signal = new AbortController().signal;
  await foldUsage(world.deps, { days: "all", pauseMs: 0 }, signal);
  await sendBatches(world.deps, signal);
}

export function send(world: Pick<World, "deps">): Promise<string> {
  return sendBatches(world.deps, new AbortController().signal);
}

/** As if the time that each waiting batch waits for had passed. */
export async function waitOver(db: Kysely<Database>): Promise<void> {
  await sql`update app.meter_batches set next_attempt_at = now() where state = 'pending'`.execute(db);
}

/** As if the minute in which each customer was last sent for lay before all the others. */
export async function minuteOver(db: Kysely<Database>): Promise<void> {
  await sql`update app.meter_batches b set event_at = known.first - interval '1 minute'
    from (select customer, min(event_at) as first, max(event_at) as last from app.meter_batches group by customer) known
    where b.customer = known.customer and b.event_at = known.last`.execute(db);
}

export function batches({ deps }: Pick<World, "deps">) {
  return deps.db
    .selectFrom("app.meter_batches")
    .selectAll()
    .orderBy("folded_at")
    .orderBy("identifier")
    .execute();
}

export interface MeterEventRow {
  identifier: string;
  customer: string;
  value: string;
  at: string;
  rejected: string | null;
}

/** Every event the stand-in has taken. */
export function meterEvents(world: World): Promise<MeterEventRow[]> {
  return world.control<MeterEventRow[]>("meter_events");
}

/** What Stripe bills a customer for, in micro-dollars. */
export async function counted(world: World, customer: string): Promise<bigint> {
  const events = await meterEvents(world);
  return events
    .filter((event) => event.customer === customer && event.rejected === null)
    .reduce((sum, event) => sum + BigInt(event.value), 0n);
}

/** What the ledger says a user's calls have cost, in pico-dollars. */
export async function spent({ deps }: Pick<World, "deps">, botId: string): Promise<bigint> {
  const { rows } = await sql<{ sum: bigint }>`
    select coalesce(sum(cost_picos), 0)::bigint as sum from app.usage_logs
    where bot_id = ${botId} and state in ('settled', 'estimated')`.execute(deps.db);
  return rows[0]?.sum ?? 0n;
}

export async function endPlan(world: World, userId: string): Promise<void> {
  const { subscription_id: id, stripe_customer_id: customer } = await userRow(world.deps, userId);
  await world.stripe.subscriptions.cancel(id ?? "");
  await syncSubscription(world.deps, customer ?? "");
}

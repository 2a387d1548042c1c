/** The rows of schema `app` as pg returns them: bigint columns are bigint, timestamptz is Date. */
import type {
  BotStatus,
  BotStep,
  CallCause,
  CallState,
  Language,
  MessageState,
  SubscriptionStatus,
} from "@molt/contract";
import type { Generated, GeneratedAlways } from "kysely";

export interface UserTable {
  id: string;
  email: string;
  created_at: Generated<Date>;
  stripe_customer_id: string | null;
  subscription_status: Generated<SubscriptionStatus>;
  subscription_id: string | null;
  current_period_end: Date | null;
  cancel_at_period_end: Generated<boolean>;
  checkout_attempt: Generated<number>;
  /** Of the mails. */
  language: Generated<Language>;
  /** Its owner asked for the end: nothing but that happens to the account any more. */
  deleted_at: Date | null;
}

export type Desired = "running" | "asleep" | "paused" | "deleted";

export interface BotTable {
  id: Generated<string>;
  user_id: string;
  fly_app_id: string | null;
  gateway_token: string | null;
  status: Generated<BotStatus>;
  created_at: Generated<Date>;
  desired: Generated<Desired>;
  /** Set by a trigger. */
  desired_since: Generated<Date>;
  step: Generated<BotStep>;
  step_since: Generated<Date>;
  failure_code: string | null;
  failure_message: string | null;
  region: string | null;
  volume_id: string | null;
  machine_id: string | null;
  model_key: string | null;
  model_key_hash: Buffer | null;
  boot_id: string | null;
  suspension_id: string | null;
  last_active_at: Generated<Date>;
  last_seq: Generated<bigint>;
  lease_until: Date | null;
  fence: Generated<bigint>;
  attempts: Generated<number>;
  next_attempt_at: Generated<Date>;
  generation: Generated<number>;
  replacements: Generated<number>;
  crashes: Generated<number>;
  crashed_at: Date | null;
  wake_at: Date | null;
  /** The key before the present one, good until then or until the bot was seen with the new one. */
  previous_key_hash: Buffer | null;
  previous_key_until: Date | null;
  /** A new machine with a new key is wanted: at its next start, and at this time at the latest. */
  renew_machine_by: Date | null;
}

export interface MessageTable {
  id: Generated<string>;
  bot_id: string;
  seq: bigint;
  role: "user" | "bot";
  text: string;
  state: MessageState;
  at: Generated<Date>;
  client_id: string | null;
  reply_to: string | null;
  run_id: string | null;
}

export interface UsageLogTable {
  id: Generated<string>;
  bot_id: string;
  tokens_in: Generated<bigint>;
  tokens_out: Generated<bigint>;
  model: string;
  timestamp: Generated<Date>;
  state: CallState;
  cause: CallCause;
  message_id: string | null;
  trace_id: string | null;
  provider: string;
  cache_read_tokens: Generated<bigint>;
  cache_write_tokens: Generated<bigint>;
  cache_write_1h_tokens: Generated<bigint>;
  reserved_picos: Generated<bigint>;
  cost_picos: Generated<bigint>;
  price_version: string;
  provider_request_id: string | null;
  http_status: number | null;
  first_byte_ms: number | null;
  latency_ms: number | null;
  reason: string | null;
  settled_at: Date | null;
  /** The proxy process that forwarded it; its open rows are swept when it is gone. */
  process_id: string | null;
  reasoning_tokens: Generated<bigint>;
}

export interface UsageDayTable {
  bot_id: string;
  /** `YYYY-MM-DD`. */
  day: string;
  model: string;
  cause: CallCause;
  calls: Generated<bigint>;
  tokens_in: Generated<bigint>;
  tokens_out: Generated<bigint>;
  cost_picos: Generated<bigint>;
}

/** What the calls of one message add up to in one month. */
export interface UsageMessageTable {
  bot_id: string;
  /** First day of the month, `YYYY-MM-DD`. */
  month: string;
  message_id: string;
  first_at: Date;
  calls: Generated<bigint>;
  tokens_in: Generated<bigint>;
  tokens_out: Generated<bigint>;
  cost_picos: Generated<bigint>;
}

export interface UsageClaimTable {
  bot_id: string;
  claim_id: string;
  model: string;
  tokens_in: bigint;
  tokens_out: bigint;
  at: Date;
  received_at: Generated<Date>;
}

export interface StripeEventTable {
  id: string;
  type: string;
  customer: string | null;
  created: Date;
  payload: string;
  received_at: Generated<Date>;
  state: Generated<"pending" | "done" | "ignored" | "dead">;
  attempts: Generated<number>;
  next_attempt_at: Generated<Date>;
  note: string | null;
}

export interface MailTable {
  id: Generated<string>;
  key: string;
  /** Null once it is forgotten; a mail that waits has one. */
  recipient: string | null;
  template: string;
  language: Generated<string>;
  /** jsonb: written as text, read as an object. Null once they are dropped. */
  data: Generated<unknown>;
  state: Generated<"pending" | "sent" | "dead">;
  attempts: Generated<number>;
  next_attempt_at: Generated<Date>;
  created_at: Generated<Date>;
  sent_at: Date | null;
  note: string | null;
  urgent: Generated<boolean>;
  expires_at: Date | null;
  user_id: string | null;
  died_at: Date | null;
}

export interface WaitlistTable {
  id: Generated<string>;
  email: string;
  canonical: string;
  language: Generated<string>;
  source: string | null;
  campaign: string | null;
  referral_code: string;
  referred_by: string | null;
  token_hash: Buffer;
  created_at: Generated<Date>;
  confirmed_at: Date | null;
  invited_at: Date | null;
  asked: Generated<number>;
  asked_at: Generated<Date>;
  /** What somebody bought: app.mail_domain(canonical). */
  domain: GeneratedAlways<string>;
}

/** Mailboxes whose owner left the waitlist, as keyed hashes. */
export interface WaitlistRemovalTable {
  hash: Buffer;
  removed_at: Date;
  asked: Generated<boolean>;
}

/** One row an account that ends or has ended: what is still to be done, and the proof that it was. */
export interface AccountDeletionTable {
  user_id: string;
  asked_by: "user" | "operator";
  asked_at: Generated<Date>;
  email: string | null;
  language: Generated<Language>;
  stripe_customer_id: string | null;
  machine_removed_at: Date | null;
  subscription_ended_at: Date | null;
  account_removed_at: Date | null;
  finished_at: Date | null;
  attempts: Generated<number>;
  next_attempt_at: Generated<Date>;
  note: string | null;
}

export interface BrainSnapshotTable {
  bot_id: string;
  taken_at: Date;
  brain: unknown;
}

/** What of a bot's day is in a meter batch. */
export interface MeteredDayTable {
  bot_id: string;
  /** `YYYY-MM-DD`. */
  day: string;
  picos: bigint;
}

export interface MeterAccountTable {
  user_id: string;
  picos: Generated<bigint>;
  micros: Generated<bigint>;
  batches: Generated<bigint>;
  folded_at: Date | null;
}

/** pending: not accepted yet. sent: accepted. confirmed: in Stripe's sums. rejected: dropped by Stripe after its 200. dead: refused. */
export type MeterBatchState = "pending" | "sent" | "confirmed" | "rejected" | "dead";

export interface MeterBatchTable {
  id: Generated<string>;
  user_id: string | null;
  customer: string;
  first_day: string;
  last_day: string;
  folded_at: Generated<Date>;
  picos: bigint;
  micros: bigint;
  identifier: string;
  state: Generated<MeterBatchState>;
  attempts: Generated<number>;
  next_attempt_at: Generated<Date>;
  event_at: Date | null;
  last_attempt_at: Date | null;
  sent_at: Date | null;
  note: string | null;
}

export interface UsageClaimDayTable {
  bot_id: string;
  /** `YYYY-MM-DD`. */
  day: string;
  claimed_calls: bigint;
  claimed_tokens_in: bigint;
  claimed_tokens_out: bigint;
  ledger_calls: bigint;
  ledger_tokens_in: bigint;
  ledger_tokens_out: bigint;
  compared_at: Generated<Date>;
}

export interface Database {
  "app.users": UserTable;
  "app.bots": BotTable;
  "app.messages": MessageTable;
  "app.usage_logs": UsageLogTable;
  "app.usage_days": UsageDayTable;
  "app.usage_messages": UsageMessageTable;
  "app.usage_claims": UsageClaimTable;
  "app.usage_claim_days": UsageClaimDayTable;
  "app.metered_days": MeteredDayTable;
  "app.meter_accounts": MeterAccountTable;
  "app.meter_batches": MeterBatchTable;
  "app.stripe_events": StripeEventTable;
  "app.mails": MailTable;
  "app.waitlist": WaitlistTable;
  "app.waitlist_removals": WaitlistRemovalTable;
  "app.brain_snapshots": BrainSnapshotTable;
  "app.account_deletions": AccountDeletionTable;
}

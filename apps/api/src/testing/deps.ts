/** The dependencies of a feature for one test: a real database of its own, quiet logs, addresses that lead nowhere. */
import type { TestContext } from "node:test";
import { type Clock, systemClock } from "../clock.ts";
import { type Config, readConfig } from "../config.ts";
import type { Deps } from "../deps.ts";
import { openEvents } from "../events.ts";
import { createLog } from "../log.ts";
import { freshDatabase } from "./database.ts";

/** A complete environment in which every outside address refuses connections; override what the test needs. */
export function testEnvironment(overrides: Record<string, string> = {}): Record<string, string> {
  return {
    NODE_ENV: "test",
    MOLT_LOG_LEVEL: "silent",
    API_URL: "http://127.0.0.1:1",
    APP_URL: "http://127.0.0.1:2",
    LANDING_URL: "http://127.0.0.1:3",
    MOLT_MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
    DATABASE_URL: "postgres://nobody@127.0.0.1:1/none",
    SUPABASE_URL: "http://127.0.0.1:1",
    SUPABASE_PUBLISHABLE_KEY: "sb_publishable_test",
    SUPABASE_SECRET_KEY: "sb_secret_test",
    STRIPE_SECRET_KEY: "sk_test_local",
    STRIPE_WEBHOOK_SECRET: "whsec_test_local",
    STRIPE_API_BASE: "http://127.0.0.1:1",
    FLY_FLAPS_BASE_URL: "http://127.0.0.1:1",
    FLY_API_TOKEN: "fly-test-token",
    FLY_ORG: "molt",
    BOT_IMAGE: "molt-bot:test",
    FLYCAST_DIAL_URL: "http://127.0.0.1:1",
    MODELS_URL: "http://127.0.0.1:1",
    MOLT_BOT_MODEL_JSON: JSON.stringify({
      id: "molt-demo-1",
      name: "Demo",
      api: "anthropic-messages",
      contextWindow: 200_000,
      maxTokens: 8192,
      input: ["text"],
      reasoning: false,
      cost: { input: 1, output: 5, cacheRead: 0.1, cacheWrite: 1.25 },
    }),
    SMTP_URL: "smtp://127.0.0.1:1",
    MAIL_FROM: "Molt-OS <hello@molt-os.test>",
    ...overrides,
  };
}

export interface TestDepsOptions {
  /** Added to the environment that the configuration is read from. */
  env?: Record<string, string>;
  clock?: Clock;
  /** `debug` to see what happens. */
  logLevel?: string;
}

export async function testDeps(t: TestContext, options: TestDepsOptions = {}): Promise<Deps> {
  const { db, url } = await freshDatabase(t);
  const config: Config = readConfig(testEnvironment({ DATABASE_URL: url, ...options.env }));
  const log = createLog([], options.logLevel ?? "silent");
  const clock = options.clock ?? systemClock();
  const events = await openEvents({ url, log, clock });
  t.after(() => events.close());
  return { config, db, log, clock, events };
}

export interface ManualClock extends Clock {
  advance(ms: number): void;
}

/** Stands still until it is moved. `sleep` ends when enough time was advanced. */
export function manualClock(start = new Date("2026-11-22T12:00:00Z")): ManualClock {
  let now = start.getTime();
  const sleepers = new Set<{ at: number; wake: () => void }>();
  return {
    now: () => new Date(now),
    monotonicMs: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const sleeper = { at: now + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", () => {
          sleepers.delete(sleeper);
          reject(signal.reason as Error);
        });
      }),
    advance(ms) {
      now += ms;
      for (const sleeper of sleepers) {
        if (sleeper.at > now) continue;
        sleepers.delete(sleeper);
        sleeper.wake();
      }
    },
  };
}

/** Inserts a signed-up user as the auth service would, and the product's row for it. */
export async function makeUser(
  deps: Pick<Deps, "db">,
  email = `${crypto.randomUUID()}@example.com`,
): Promise<string> {
  const { sql } = await import("kysely");
  const { rows } = await sql<{
    id: string;
  }>`insert into auth.users (email, email_confirmed_at) values (${email}, now()) returning id`.execute(
    deps.db,
  );
  const id = rows[0]?.id;
  if (!id) throw new Error("the user was not inserted");
  await deps.db.insertInto("app.users").values({ id, email }).execute();
  return id;
}

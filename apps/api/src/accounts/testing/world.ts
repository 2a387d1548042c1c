/** An account with everything that ends with it: a bot in a machine, a plan at Stripe, a sign-in service. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { FastifyInstance } from "fastify";
import { sql } from "kysely";
import { z } from "zod";
import { createCheckout } from "../../billing/create-checkout.ts";
import { stripeOf } from "../../billing/stripe.ts";
import { syncSubscription } from "../../billing/sync-subscription.ts";
import type { Deps } from "../../deps.ts";
import { testFleet } from "../../fleet/testing/test-fleet.ts";
import { buildServer } from "../../http/build-server.ts";
import { createAuthenticator } from "../../http/authenticate.ts";
import { freshDatabase } from "../../testing/database.ts";
import { startStandIn } from "../../testing/stand-in.ts";
import { accountState } from "../account-state.ts";
import { endAccounts } from "../end-accounts.job.ts";
import { accountRoutes } from "../routes.ts";

export const password = "a long enough password";

export interface Member {
  userId: string;
  email: string;
  token: string;
}
export interface Payer extends Member {
  botId: string;
  customer: string;
}

const session = z.object({ access_token: z.string(), user: z.object({ id: z.uuid() }) });
const paid = z.object({ customer: z.string() });

/** Call `sharedMachines()` at the top of the file. */
export async function accountWorld(t: TestContext, env: Record<string, string> = {}) {
  const fleet = await testFleet(t, { env });
  const { deps } = fleet;
  const stripe = await startStripe(t, deps);
  const auth = await startAuth(t, deps);
  const app = await serveAccounts(t, deps);

  const signUp = (email: string, data: Record<string, unknown> = {}): Promise<Member> =>
    signUpAt(auth.url, { email, data });

  const call = (member: Member, line: string, body?: object) => callAs(app, member.token, { line, body });

  /** Signed up, paid, and with a bot that runs: `fleet.worker()` must be at work. */
  async function pay(email: string): Promise<Payer> {
    const member = await signUp(email);
    const me = await call(member, "GET /me");
    if (me.statusCode !== 200) throw new Error(`GET /me: ${me.body}`);
    const customer = await buyPlan(deps, stripe, member.userId);
    const { id: botId } = await deps.db
      .selectFrom("app.bots")
      .select("id")
      .where("user_id", "=", member.userId)
      .executeTakeFirstOrThrow();
    await fleet.until(botId, (row) => row.status === "running");
    return { ...member, botId, customer };
  }

  const remove = (member: Member, email = member.email) => call(member, "POST /me/delete", { email });
  const pass = () => endAccounts(deps, AbortSignal.timeout(60_000));
  return {
    fleet,
    deps,
    app,
    auth,
    stripe,
    signUp,
    call,
    pay,
    remove,
    pass,
    untilEnded: endsWith(deps, pass),
  };
}
export type AccountWorld = Awaited<ReturnType<typeof accountWorld>>;

function callAs(
  app: FastifyInstance,
  token: string,
  { line, body }: { line: string; body: object | undefined },
) {
  const [method = "GET", url = "/"] = line.split(" ");
  return app.inject({
    method: method as "GET" | "POST", // what the tests ask with
    url,
    headers: { authorization: `Bearer ${token}` },
    ...(body ? { payload: body } : {}),
  });
}

async function signUpAt(authUrl: string, person: { email: string; data: object }): Promise<Member> {
  const answer = await fetch(`${authUrl}/auth/v1/signup`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...person, password }),
  });
  if (!answer.ok) throw new Error(`sign-up: ${answer.status} ${await answer.text()}`);
  const { access_token: token, user } = session.parse(await answer.json());
  return { userId: user.id, email: person.email, token };
}

async function serveAccounts(t: TestContext, deps: Deps) {
  const app = await buildServer(deps);
  t.after(() => app.close());
  const authenticator = createAuthenticator({
    ...deps,
    findBot: async () => undefined,
    accountState: (userId) => accountState(deps.db, userId),
  });
  accountRoutes({ app, authenticator }, deps);
  return app;
}

async function startStripe(t: TestContext, deps: Deps) {
  const { url: databaseUrl } = await freshDatabase(t);
  const standIn = await startStandIn(t, "stripe", { DATABASE_URL: databaseUrl, SECRET_KEY: "sk_test_local" });
  deps.config.stripe.url = standIn.url;
  const control = async (path: string, body: object): Promise<unknown> => {
    const response = await fetch(`${standIn.url}/__control/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  return { ...standIn, control, api: stripeOf(deps) };
}

async function buyPlan(
  deps: Deps,
  stripe: { control(path: string, body: object): Promise<unknown> },
  userId: string,
): Promise<string> {
  const { checkoutUrl } = await createCheckout(deps, userId);
  const bought = await stripe.control("pay", { session: checkoutUrl.split("/").at(-1) ?? "", way: "works" });
  const { customer } = paid.parse(bought);
  await syncSubscription(deps, customer);
  return customer;
}

async function startAuth(t: TestContext, deps: Deps) {
  const dataDir = await mkdtemp(join(tmpdir(), "molt-accounts-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const { config } = deps;
  const standIn = await startStandIn(t, "auth", {
    DATABASE_URL: config.database.url,
    DATA_DIR: dataDir,
    SECRET_KEY: config.auth.secretKey,
    LOG_LEVEL: "silent",
    SCRYPT_LOG2: "10",
    RATE_LIMIT_SCALE: "1000",
  });
  config.auth.url = `${standIn.url}/auth/v1`;
  config.auth.issuer = String(standIn.ready["issuer"]);
  const misbehave = async (...faults: object[]) => {
    const answer = await fetch(`${standIn.url}/__control`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ faults }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  };
  return { ...standIn, misbehave };
}

/** Passes of the job, each at once after what it waits for, until the account has ended. */
function endsWith(deps: Deps, pass: () => Promise<string>) {
  return async ({ userId }: Member): Promise<void> => {
    for (let turn = 0; turn < 300; turn += 1) {
      await sql`update app.account_deletions set next_attempt_at = now() where user_id = ${userId}`.execute(
        deps.db,
      );
      await pass();
      const { rows } = await sql<{ ended: boolean }>`
        select finished_at is not null as ended, pg_sleep(0.05) from app.account_deletions where user_id = ${userId}`.execute(
        deps.db,
      );
      if (rows[0]?.ended) return;
    }
    const row = await deps.db
      .selectFrom("app.account_deletions")
      .selectAll()
      .where("user_id", "=", userId)
      .executeTakeFirst();
    throw new Error(`the account does not end: ${JSON.stringify(row)}`);
  };
}

/** Every row of schemas app and auth that holds the text, as `table: row`. */
export async function whereIs({ db }: Pick<Deps, "db">, text: string): Promise<string[]> {
  const { rows: tables } = await sql<{ name: string }>`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('app', 'auth')`.execute(db);
  const found: string[] = [];
  for (const { name } of tables) {
    const { rows } = await sql<{ row: string }>`
      select t::text as row from ${sql.raw(name)} t where t::text ilike ${`%${text}%`}`.execute(db);
    found.push(...rows.map(({ row }) => `${name}: ${row}`));
  }
  return found;
}

/** The billing feature with a database, the stand-in for Stripe as a process, and the api's own server before it. */
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import type { Deps } from "../../deps.ts";
import { AppError } from "../../errors.ts";
import { buildServer } from "../../http/build-server.ts";
import { freshDatabase } from "../../testing/database.ts";
import { makeUser, testDeps } from "../../testing/deps.ts";
import { startStandIn } from "../../testing/stand-in.ts";
import { createPortal } from "../create-portal.ts";
import { createCheckout } from "../create-checkout.ts";
import { handleStripeEvents } from "../handle-stripe-events.job.ts";
import { billingRoutes } from "../routes.ts";
import { stripeOf } from "../stripe.ts";

export const webhookSecret = "whsec_test_local";

export interface TruthRow {
  method: string;
  path: string;
  idempotency_key: string | null;
  params: Record<string, unknown>;
}

/** The api's server with the billing routes on it; at Stripe's address nobody answers. */
export async function openDoor(t: TestContext, env: Record<string, string> = {}) {
  const deps = await testDeps(t, { env });
  const app = await buildServer(deps);
  // Who is signed in is not this feature's business: the token is the user's id.
  const authenticator = {
    user: async (token: string | undefined) => {
      if (!token) throw new AppError("not_signed_in", "Please sign in first.");
      return { userId: token, email: `${token}@example.com`, expiresAt: new Date(8.64e15) };
    },
    bot: () => Promise.reject(new AppError("not_signed_in", "This key is not known.")),
  };
  billingRoutes({ app, authenticator }, deps);
  t.after(() => app.close());
  return {
    deps,
    app,
    signIn: (email?: string) => makeUser(deps, email),
    work: () => handleStripeEvents(deps, new AbortController().signal),
    post: (body: string, signature: string | undefined) =>
      app.inject({
        method: "POST",
        url: "/billing/webhook",
        headers: {
          "content-type": "application/json",
          ...(signature === undefined ? {} : { "stripe-signature": signature }),
        },
        payload: body,
      }),
  };
}

/** The same with the stand-in behind it. */
export async function openWorld(t: TestContext) {
  const { url: databaseUrl } = await freshDatabase(t);
  const standIn = await startStandIn(t, "stripe", { DATABASE_URL: databaseUrl, SECRET_KEY: "sk_test_local" });
  const door = await openDoor(t, { STRIPE_API_BASE: standIn.url });

  async function control<T = unknown>(path: string, body?: unknown): Promise<T> {
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    };
    const response = await fetch(`${standIn.url}/__control/${path}`, body === undefined ? {} : init);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T; // the test knows what it asked for
  }
  const truth = async (method: string, path: string) =>
    (await control<TruthRow[]>("truth")).filter((row) => row.method === method && row.path === path);
  return { ...door, control, truth, stripe: stripeOf(door.deps) };
}
export type World = Awaited<ReturnType<typeof openWorld>>;

/** Listens, and has the stand-in deliver its events here. */
export async function deliverTo(world: World): Promise<void> {
  await world.app.listen({ host: "127.0.0.1", port: 0 });
  const { port } = world.app.server.address() as AddressInfo; // listening on TCP
  const endpoint = await world.stripe.webhookEndpoints.create({
    url: `http://127.0.0.1:${port}/billing/webhook`,
    enabled_events: ["*"],
  });
  world.deps.config.stripe.webhookSecrets.push(endpoint.secret ?? "");
}

/** Handles events as they arrive until one of this type is handled. */
export async function workUntil(world: World, type: string): Promise<void> {
  const arrivals = new EventTarget();
  const patience = AbortSignal.timeout(20_000);
  const stop = world.deps.events.subscribe("stripe", () => void arrivals.dispatchEvent(new Event("arrival")));
  try {
    for (;;) {
      const arrival = once(arrivals, "arrival", { signal: patience });
      await world.work();
      const row = await world.deps.db
        .selectFrom("app.stripe_events")
        .select("id")
        .where("type", "=", type)
        .where("state", "=", "done")
        .executeTakeFirst();
      if (row) {
        arrivals.dispatchEvent(new Event("arrival")); // so that nobody waits on
        return;
      }
      await arrival;
    }
  } finally {
    stop();
  }
}

/** Resolves when the client has sent a request to this path. */
export function fetchOnce(world: World, path: string): Promise<void> {
  return new Promise((resolve) => {
    const heard = (request: { path: string }) => {
      if (!request.path.startsWith(path)) return;
      world.stripe.off("request", heard);
      resolve();
    };
    world.stripe.on("request", heard);
  });
}

/** A user at the end of a paid checkout; `way` as on the hosted page. */
export async function payAs(world: World, userId: string, way = "works") {
  const { checkoutUrl } = await createCheckout(world.deps, userId);
  const session = checkoutUrl.split("/").at(-1) ?? "";
  const paid = await world.control<{ customer: string; subscription: string }>("pay", { session, way });
  return { session, checkoutUrl, customer: paid.customer, subscription: paid.subscription };
}

/** What the form of the portal does with a card that `works` or is `declined`. */
export async function storeCard(world: World, userId: string, way: string): Promise<void> {
  const { portalUrl } = await createPortal(world.deps, userId);
  const body = new URLSearchParams({ way });
  const answer = await fetch(`${portalUrl}/card`, { method: "POST", body, redirect: "manual" });
  if (answer.status !== 303) throw new Error(`the card was not stored: ${answer.status}`);
}

export function sign(body: string, options: { secret?: string; at?: number; scheme?: string } = {}): string {
  const at = options.at ?? Math.floor(Date.now() / 1000);
  const hex = createHmac("sha256", options.secret ?? webhookSecret)
    .update(`${at}.${body}`)
    .digest("hex");
  return `t=${at},${options.scheme ?? "v1"}=${hex}`;
}

/** An event as Stripe would send it, about whatever the test says. */
export function eventBody(
  type: string,
  object: Record<string, unknown>,
  more: Record<string, unknown> = {},
): string {
  return JSON.stringify({
    id: `evt_${randomBytes(8).toString("hex")}`,
    object: "event",
    api_version: "2026-10-28.endive",
    created: Math.floor(Date.now() / 1000),
    livemode: false,
    pending_webhooks: 1,
    request: { id: null, idempotency_key: null },
    type,
    data: { object },
    ...more,
  });
}

export async function userRow(deps: Deps, userId: string) {
  return deps.db.selectFrom("app.users").selectAll().where("id", "=", userId).executeTakeFirstOrThrow();
}

/** What the user has: one line that says plan and bot. */
export async function planAndBot(deps: Deps, userId: string) {
  const bots = await deps.db.selectFrom("app.bots").select("desired").where("user_id", "=", userId).execute();
  return { plan: (await userRow(deps, userId)).subscription_status, bots: bots.map((bot) => bot.desired) };
}

export function countEvents(deps: Deps, state?: "pending" | "done" | "ignored" | "dead"): Promise<number> {
  return deps.db
    .selectFrom("app.stripe_events")
    .select("id")
    .$if(state !== undefined, (query) => query.where("state", "=", state ?? "done"))
    .execute()
    .then((rows) => rows.length);
}

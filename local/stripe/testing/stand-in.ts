/** Starts the stand-in as the process it is, on a database of its own, with the official client before it. */
import { randomBytes } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import pg from "pg";
import Stripe from "stripe";

export const secretKey = "sk_test_local_molt";

export interface StandIn {
  url: string;
  databaseUrl: string;
  stripe: Stripe;
  /** POST with a body, GET without. Throws when the stand-in refuses. */
  control<T = unknown>(path: string, body?: unknown): Promise<T>;
  /** Ends the process as an operator would, and answers its exit code. */
  stop(): Promise<number | null>;
}

async function freshDatabase(t: TestContext): Promise<string> {
  const admin = process.env["TEST_DATABASE_URL"];
  if (!admin) throw new Error("TEST_DATABASE_URL is not set: run the tests with npm test.");
  const name = `stripe_${randomBytes(8).toString("hex")}`;
  const asAdmin = async (statement: string) => {
    const client = new pg.Client({ connectionString: admin });
    await client.connect();
    try {
      await client.query(statement);
    } finally {
      await client.end();
    }
  };
  await asAdmin(`create database ${name}`);
  t.after(() => asAdmin(`drop database if exists ${name} with (force)`));
  const url = new URL(admin);
  url.pathname = `/${name}`;
  return url.href;
}

export async function startStandIn(t: TestContext, env: Record<string, string> = {}): Promise<StandIn> {
  const databaseUrl = env["DATABASE_URL"] ?? (await freshDatabase(t));
  const main = fileURLToPath(new URL("../main.ts", import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env["PATH"] ?? "", PORT: "0", CONTROL: "1", ...env, DATABASE_URL: databaseUrl },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4000)));
  const exited = once(child, "exit").then(([code]) => code as number | null); // node's own signature
  const stop = () => {
    if (child.exitCode === null) child.kill("SIGTERM");
    return exited;
  };
  t.after(stop);
  const ready = once(createInterface(child.stdout), "line").then(
    ([line]) => JSON.parse(String(line)) as { url: string },
  );
  const early = exited.then(() => Promise.reject(new Error(`the stand-in ended while starting: ${said}`)));
  const { url } = await Promise.race([ready, early]);
  early.catch(() => undefined); // it may end from here on
  return { url, databaseUrl, stripe: clientOf(url), control: controlOf(url), stop };
}

function clientOf(url: string): Stripe {
  const { hostname, port } = new URL(url);
  return new Stripe(secretKey, {
    host: hostname,
    port,
    protocol: "http",
    maxNetworkRetries: 0,
    timeout: 10_000,
  });
}

function controlOf(url: string): StandIn["control"] {
  return async <T>(path: string, body?: unknown) => {
    const response = await fetch(`${url}/__control/${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? {} : { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as T; // the caller knows what it asked for
  };
}

/** Plan, meter and usage price as the product makes them. */
export async function makeCatalog(stripe: Stripe) {
  const meter = await stripe.billing.meters.create({
    display_name: "AI cost",
    event_name: "ai_cost_microusd",
    default_aggregation: { formula: "sum" },
    customer_mapping: { event_payload_key: "stripe_customer_id", type: "by_id" },
    value_settings: { event_payload_key: "value" },
  });
  const plan = await stripe.products.create({ name: "Molt-OS" });
  const tokens = await stripe.products.create({ name: "Model usage", unit_label: "micro-dollar" });
  const base = await stripe.prices.create({
    product: plan.id,
    currency: "usd",
    unit_amount: 5000,
    recurring: { interval: "month" },
    lookup_key: "molt_base",
  });
  const usage = await stripe.prices.create({
    product: tokens.id,
    currency: "usd",
    unit_amount_decimal: Stripe.Decimal.from("0.00012"),
    recurring: { interval: "month", usage_type: "metered", meter: meter.id },
    lookup_key: "molt_usage",
  });
  return { meter, base, usage, plan };
}

export type Catalog = Awaited<ReturnType<typeof makeCatalog>>;

export async function openSession(stripe: Stripe, catalog: Catalog, customer: string) {
  return stripe.checkout.sessions.create({
    mode: "subscription",
    customer,
    client_reference_id: "user-1",
    line_items: [{ price: catalog.base.id, quantity: 1 }, { price: catalog.usage.id }],
    subscription_data: { metadata: { user_id: "user-1" }, billing_mode: { type: "flexible" } },
    success_url: "http://127.0.0.1:9/welcome?session_id={CHECKOUT_SESSION_ID}",
    cancel_url: "http://127.0.0.1:9/subscribe?cancelled=1",
  });
}

/** A customer with the plan, paid. */
export async function subscribe(standIn: StandIn, way: "works" | "later" = "works") {
  const { stripe, control } = standIn;
  const catalog = await makeCatalog(stripe);
  const customer = await stripe.customers.create({ email: "ada@example.com" });
  const session = await openSession(stripe, catalog, customer.id);
  const paid = await control<{ subscription: string; invoice: string }>("pay", { session: session.id, way });
  return { catalog, customer, session, subscription: paid.subscription, invoice: paid.invoice };
}

export interface Delivery {
  body: string;
  headers: IncomingHttpHeaders;
  event: Stripe.Event;
}

/** An endpoint that keeps what it is sent and answers what it is told to. */
export async function startReceiver(t: TestContext) {
  const deliveries: Delivery[] = [];
  const answers: number[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks).toString();
      response.writeHead(answers.shift() ?? 200).end();
      deliveries.push({ body, headers: request.headers, event: parse(body) });
      for (const look of waiting) look();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, // listening on TCP
    deliveries,
    answers,
    /** Resolves as soon as what has arrived satisfies `enough`. */
    async until(enough: (all: Delivery[]) => boolean): Promise<Delivery[]> {
      const patience = AbortSignal.timeout(20_000);
      while (!enough(deliveries)) {
        await new Promise<void>((resolve, reject) => {
          const look = () => {
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
          patience.addEventListener("abort", () =>
            reject(new Error(`only ${deliveries.length} deliveries came in 20 s`)),
          );
        });
      }
      return deliveries;
    },
  };
}

/** A truncated body is no JSON; such a delivery is kept for its bytes alone. */
function parse(body: string): Stripe.Event {
  try {
    return JSON.parse(body) as Stripe.Event;
  } catch {
    return { type: "unreadable" } as unknown as Stripe.Event;
  }
}

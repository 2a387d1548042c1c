/**
 * Which Stripe an operator's command asks: that of STRIPE_SECRET_KEY, or the stand-in of the copy that
 * runs on this machine. Undefined when the command works on a database whose Stripe it is not told.
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { StripeSettings } from "../../apps/api/src/billing/stripe.ts";
import { at, portsFrom } from "./environment.ts";
import { root } from "./web-build.ts";

const STRIPE = "https://api.stripe.com";
const VERSION = "operator";

export async function findStripe(
  env: NodeJS.ProcessEnv,
  databaseUrl: string,
): Promise<StripeSettings | undefined> {
  const secretKey = env["STRIPE_SECRET_KEY"];
  if (secretKey) return { version: VERSION, stripe: { url: env["STRIPE_API_BASE"] || STRIPE, secretKey } };
  if (env["DATABASE_URL"]) return undefined;
  const file = join(resolve(env["MOLT_DATA_DIR"] ?? join(root, ".molt")), "secrets.json");
  // Written by lib/data-dir.ts alone.
  const { stripeSecretKey } = JSON.parse(await readFile(file, "utf8")) as { stripeSecretKey: string };
  // All ports of a copy follow from one; the database's is known.
  const base = Number(new URL(databaseUrl).port) - portsFrom(0).postgres;
  return { version: VERSION, stripe: { url: at(portsFrom(base).checkout), secretKey: stripeSecretKey } };
}

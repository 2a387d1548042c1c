/**
 * Which Stripe and which Fly an operator's command asks: those whose keys the environment holds, or the
 * stand-ins of the copy that runs on this machine. Undefined when the command works on a database whose
 * services it is not told.
 */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { StripeSettings } from "../../apps/api/src/billing/stripe.ts";
import type { FlySettings } from "../../apps/api/src/fleet/fly.ts";
import type { LocalSecrets } from "./data-dir.ts";
import { at, LOCAL_ORG, type Ports, portsFrom } from "./environment.ts";
import { root } from "./web-build.ts";

const STRIPE = "https://api.stripe.com";
const FLY = "https://api.machines.dev";
const VERSION = "operator";

export async function findStripe(
  env: NodeJS.ProcessEnv,
  databaseUrl: string,
): Promise<StripeSettings | undefined> {
  const secretKey = env["STRIPE_SECRET_KEY"];
  if (secretKey) return { version: VERSION, stripe: { url: env["STRIPE_API_BASE"] || STRIPE, secretKey } };
  const copy = await localCopy(env, databaseUrl);
  return (
    copy && {
      version: VERSION,
      stripe: { url: at(copy.ports.checkout), secretKey: copy.secrets.stripeSecretKey },
    }
  );
}

/** `environment` is our mark on machines (MOLT_ENV). */
export async function findFly(
  env: NodeJS.ProcessEnv,
  databaseUrl: string,
): Promise<(FlySettings & { environment: string }) | undefined> {
  const environment = env["MOLT_ENV"] || "local";
  const [token, org] = [env["FLY_API_TOKEN"], env["FLY_ORG"]];
  if (token && org) return { url: env["FLY_FLAPS_BASE_URL"] || FLY, token, org, environment };
  const copy = await localCopy(env, databaseUrl);
  return copy && { url: at(copy.ports.machines), token: copy.secrets.flyToken, org: LOCAL_ORG, environment };
}

/** The stand-ins of the copy that this database belongs to; undefined where DATABASE_URL names another. */
async function localCopy(
  env: NodeJS.ProcessEnv,
  databaseUrl: string,
): Promise<{ ports: Ports; secrets: LocalSecrets } | undefined> {
  if (env["DATABASE_URL"]) return undefined;
  const file = join(resolve(env["MOLT_DATA_DIR"] ?? join(root, ".molt")), "secrets.json");
  // Written by lib/data-dir.ts alone.
  const secrets = JSON.parse(await readFile(file, "utf8")) as LocalSecrets;
  // All ports of a copy follow from one; the database's is known.
  const base = Number(new URL(databaseUrl).port) - portsFrom(0).postgres;
  return { ports: portsFrom(base), secrets };
}

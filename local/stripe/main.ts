/**
 * The local Stripe. Environment:
 * PORT (0 = any), DATABASE_URL (schema `stripe_local` is made there), SECRET_KEY (sk_test_local_molt),
 * WEBHOOK_URL + WEBHOOK_SECRET (comma-separated while a secret is changed) for an endpoint from the start,
 * METER_WEBHOOK_URL + METER_WEBHOOK_SECRET for a destination of thin events about meters,
 * PUBLIC_URL (what session.url begins with; default: the own address), BUSINESS_NAME (Molt-OS),
 * EXHAUSTED (canceled | unpaid: after the last failed retry), CONTROL (1 opens /__control).
 */
import { openServer, type Options } from "./server.ts";

function readWebhook(env: NodeJS.ProcessEnv, prefix: string): Options["webhook"] {
  const [url, secret] = [env[`${prefix}WEBHOOK_URL`], env[`${prefix}WEBHOOK_SECRET`]];
  if ((url === undefined) !== (secret === undefined)) {
    throw new Error(`${prefix}WEBHOOK_URL and ${prefix}WEBHOOK_SECRET belong together: set both or neither.`);
  }
  return url && secret ? { url, secrets: secret.split(",") } : null;
}

function readOptions(env: NodeJS.ProcessEnv): Options {
  const databaseUrl = env["DATABASE_URL"];
  if (!databaseUrl) throw new Error("DATABASE_URL is not set: the stand-in keeps its objects in Postgres.");
  const port = Number(env["PORT"] ?? "0");
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new Error(`PORT is not a port: ${env["PORT"]}`);
  const exhausted = env["EXHAUSTED"] ?? "canceled";
  if (exhausted !== "canceled" && exhausted !== "unpaid")
    throw new Error("EXHAUSTED must be canceled or unpaid.");
  return {
    port,
    databaseUrl,
    secretKey: env["SECRET_KEY"] ?? "sk_test_local_molt",
    webhook: readWebhook(env, ""),
    meterWebhook: readWebhook(env, "METER_"),
    publicUrl: env["PUBLIC_URL"] ?? null,
    businessName: env["BUSINESS_NAME"] ?? "Molt-OS",
    exhausted,
    control: env["CONTROL"] === "1",
  };
}

const server = await openServer(readOptions(process.env));
process.stdout.write(`${JSON.stringify({ ready: true, url: server.url })}\n`);
let closing = false;
for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    if (closing) return;
    closing = true;
    // Nothing is left to run after close; an error here must be seen, so it may end the process.
    void server.close();
  });
}

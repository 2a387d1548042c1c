/**
 * Where each service is and what opens it: the only file of the api that reads the environment.
 * Local or real is another address, never another branch. A service is set whole or not at all;
 * a half-set one stops the start with the names that are missing. `.env.example` documents them.
 */
import { z } from "zod";
import { type Failpoint, parseFailpoints } from "./failpoints.ts";

/**
 * The variables of each outside service. `npm start` runs its stand-in for every service of which
 * none is set.
 */
export const services = {
  database: ["DATABASE_URL"],
  auth: ["SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"],
  billing: ["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"],
  machines: ["FLY_API_TOKEN", "FLY_ORG", "BOT_IMAGE"],
  mail: ["SMTP_URL", "MAIL_FROM"],
} as const;
export type ServiceName = keyof typeof services;

/** A sentence for the person at the terminal; the start ends with it and nothing else. */
export class ConfigError extends Error {
  override name = "ConfigError";
}

/**
 * Whether the environment sets a service.
 * @throws {ConfigError} when it sets only half of it.
 */
export function isSet(env: NodeJS.ProcessEnv, service: ServiceName): boolean {
  const missing = services[service].filter((name) => !env[name]);
  if (missing.length === services[service].length) return false;
  if (missing.length > 0) {
    const given = services[service].filter((name) => env[name]);
    throw new ConfigError(
      `${given.join(" and ")} ${given.length > 1 ? "are" : "is"} set, but ${missing.join(" and ")} ${missing.length > 1 ? "are" : "is"} not. Set all of ${services[service].join(", ")}, or none of them to use the stand-in.`,
    );
  }
  return true;
}

/** What a bot's machine is told about its model (bot/config-template.ts renders it). */
export const botModel = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  api: z.enum(["anthropic-messages", "openai-completions", "openai-responses"]),
  contextWindow: z.int().positive(),
  maxTokens: z.int().positive(),
  input: z.array(z.enum(["text", "image"])),
  reasoning: z.boolean(),
  /** Dollars a million tokens, for the bot's own display only; the ledger has its own prices. */
  cost: z.object({ input: z.number(), output: z.number(), cacheRead: z.number(), cacheWrite: z.number() }),
});
export type BotModel = z.infer<typeof botModel>;

const port = z.coerce.number().int().min(1).max(65_535);
const url = z.url().transform((text) => text.replace(/\/+$/, ""));

const schema = z.object({
  NODE_ENV: z.string().default("development"),
  MOLT_LOG_LEVEL: z.enum(["silent", "error", "warn", "info", "debug"]).default("info"),
  MOLT_VERSION: z.string().default("0.1.0"),
  MOLT_HOST: z.string().default("127.0.0.1"),
  PORT: port.optional(),
  MOLT_MODELS_PORT: port.optional(),
  MOLT_WORKER_PORT: port.optional(),
  API_URL: url,
  APP_URL: url,
  LANDING_URL: url,
  MOLT_ALLOWED_ORIGINS: z.string().default(""),
  MOLT_TRUSTED_PROXIES: z.string().default(""),
  MOLT_MASTER_KEY: z
    .string()
    .refine((key) => Buffer.from(key, "base64").length === 32, "must be 32 bytes in base64"),
  MOLT_CLOCK_OFFSET_MS: z.coerce.number().int().default(0),
  MOLT_FAILPOINT: z.string().default(""),
  MOLT_IDLE_MS: z.coerce
    .number()
    .int()
    .positive()
    .default(15 * 60_000),
  DATABASE_URL: z.string().min(1),
  SUPABASE_URL: url,
  SUPABASE_PUBLISHABLE_KEY: z.string().min(1),
  SUPABASE_SECRET_KEY: z.string().min(1),
  /** As Supabase shows it: `v1,whsec_…`, several separated by `|`. Without it the auth service sends its own mails. */
  MOLT_AUTH_HOOK_SECRET: z
    .string()
    .regex(
      /^v1,whsec_[A-Za-z0-9+/]{32,}=*(\|v1,whsec_[A-Za-z0-9+/]{32,}=*)*$/,
      "must be v1,whsec_ and a base64 key",
    )
    .optional(),
  STRIPE_SECRET_KEY: z.string().min(1),
  STRIPE_WEBHOOK_SECRET: z.string().min(1),
  STRIPE_METER_WEBHOOK_SECRET: z.string().min(1).optional(),
  STRIPE_API_BASE: url.default("https://api.stripe.com"),
  FLY_FLAPS_BASE_URL: url.default("https://api.machines.dev"),
  FLY_API_TOKEN: z.string().min(1),
  FLY_ORG: z.string().min(1),
  FLY_REGIONS: z.string().default("iad,fra,nrt"),
  BOT_IMAGE: z.string().min(1),
  /** Where http://<app>.flycast is dialled when this process is not inside Fly's network. */
  FLYCAST_DIAL_URL: url.optional(),
  MOLT_ENV: z
    .string()
    .regex(/^[a-z0-9-]{1,20}$/)
    .default("local"),
  MODELS_URL: url,
  MOLT_FLY_SRC_KEY: z.string().optional(),
  MOLT_BOT_MODEL_JSON: z.string().min(2),
  SMTP_URL: z.string().min(1),
  MAIL_FROM: z.string().min(3),
});

export type Config = ReturnType<typeof readConfig>;
type Settings = z.output<typeof schema>;

/**
 * Reads and checks everything at once, so that the start names every wrong variable and not only
 * the first.
 * @throws {ConfigError}
 */
export function readConfig(env: NodeJS.ProcessEnv) {
  const e = parseSettings(env);
  return {
    production: e.NODE_ENV === "production",
    version: e.MOLT_VERSION,
    logLevel: e.MOLT_LOG_LEVEL,
    environment: e.MOLT_ENV,
    masterKey: e.MOLT_MASTER_KEY,
    clockOffsetMs: e.MOLT_CLOCK_OFFSET_MS,
    failpoints: readFailpoints(e),
    http: httpSettings(e),
    urls: { api: e.API_URL, app: e.APP_URL, landing: e.LANDING_URL },
    database: { url: e.DATABASE_URL },
    auth: {
      url: `${e.SUPABASE_URL}/auth/v1`,
      issuer: `${e.SUPABASE_URL}/auth/v1`,
      publishableKey: e.SUPABASE_PUBLISHABLE_KEY,
      /** Opens every account: only for deleting one. */
      secretKey: e.SUPABASE_SECRET_KEY,
      hookSecrets: e.MOLT_AUTH_HOOK_SECRET?.split("|") ?? [],
    },
    stripe: {
      url: e.STRIPE_API_BASE,
      secretKey: e.STRIPE_SECRET_KEY,
      webhookSecrets: list(e.STRIPE_WEBHOOK_SECRET),
      /** Of the destination that hears of dropped meter events; it has a secret of its own at Stripe. */
      meterWebhookSecrets: list(e.STRIPE_METER_WEBHOOK_SECRET ?? e.STRIPE_WEBHOOK_SECRET),
    },
    fly: {
      url: e.FLY_FLAPS_BASE_URL,
      token: e.FLY_API_TOKEN,
      org: e.FLY_ORG,
      regions: list(e.FLY_REGIONS),
      image: e.BOT_IMAGE,
      dialUrl: e.FLYCAST_DIAL_URL ?? null,
    },
    fleet: { idleMs: e.MOLT_IDLE_MS },
    models: {
      url: e.MODELS_URL,
      flySrcKey: e.MOLT_FLY_SRC_KEY ?? null,
      botModel: parseBotModel(e.MOLT_BOT_MODEL_JSON),
    },
    mail: { smtpUrl: e.SMTP_URL, from: e.MAIL_FROM },
  };
}

function parseSettings(env: NodeJS.ProcessEnv): Settings {
  for (const service of Object.keys(services) as ServiceName[]) {
    if (!isSet(env, service)) throw new ConfigError(`${services[service].join(", ")} must be set.`);
  }
  const parsed = schema.safeParse(emptyAsUnset(env));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
    throw new ConfigError(`The environment is not complete. ${problems.join("; ")}.`);
  }
  if (parsed.data.NODE_ENV === "production" && parsed.data.MOLT_CLOCK_OFFSET_MS !== 0)
    throw new ConfigError("MOLT_CLOCK_OFFSET_MS must not be set in production.");
  return parsed.data;
}

function readFailpoints(e: Settings): Failpoint[] {
  if (e.NODE_ENV === "production" && e.MOLT_FAILPOINT !== "")
    throw new ConfigError("MOLT_FAILPOINT must not be set in production.");
  try {
    return parseFailpoints(e.MOLT_FAILPOINT);
  } catch (cause) {
    throw new ConfigError(`MOLT_FAILPOINT: ${(cause as Error).message}`, { cause });
  }
}

function httpSettings(e: Settings) {
  return {
    host: e.MOLT_HOST,
    port: e.PORT ?? 4702,
    modelsPort: e.MOLT_MODELS_PORT ?? 4708,
    workerPort: e.MOLT_WORKER_PORT ?? 4712,
    /** Pages that may call the api from a browser: our own two and what the operator adds. */
    allowedOrigins: [e.APP_URL, e.LANDING_URL, ...list(e.MOLT_ALLOWED_ORIGINS)].map(
      (page) => new URL(page).origin,
    ),
    trustedProxies: list(e.MOLT_TRUSTED_PROXIES),
  };
}

/** Values that must never appear in a log line. */
export function secretsOf(config: Config): string[] {
  return [
    config.masterKey,
    config.stripe.secretKey,
    ...config.stripe.webhookSecrets,
    ...config.stripe.meterWebhookSecrets,
    config.fly.token,
    config.auth.secretKey,
    ...config.auth.hookSecrets,
    new URL(config.database.url).password,
    new URL(config.mail.smtpUrl).password,
  ].filter((secret) => secret !== "");
}

/** Values of this process's environment that open something, by their names: what redaction must know as well. */
export function environmentSecrets(env: NodeJS.ProcessEnv): string[] {
  const named = Object.entries(env).filter(([name]) => /_(KEY|KEYS|TOKEN|SECRET|PASSWORD)$/.test(name));
  return named.flatMap(([, value]) => list(value ?? ""));
}

/** The whole environment, for the two readers that take a record of their own (roles, model providers). */
export function environment(): NodeJS.ProcessEnv {
  return process.env;
}

function parseBotModel(text: string): BotModel {
  try {
    return botModel.parse(JSON.parse(text));
  } catch (cause) {
    throw new ConfigError("MOLT_BOT_MODEL_JSON does not describe a model.", { cause });
  }
}

function list(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function emptyAsUnset(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ""));
}

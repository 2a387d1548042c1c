/**
 * What each process of a running copy is given. For every outside service that the environment does
 * not name there is a stand-in on this machine, and here are the addresses and keys that lead to it.
 */
import { dirname, join } from "node:path";
import { isSet, type ServiceName } from "../../apps/api/src/config.ts";
import { defaultBotModel, readProviders } from "../../apps/api/src/models/providers.ts";
import { BOT_CACHE } from "./bot-cache.ts";
import type { LocalSecrets } from "./data-dir.ts";
import { root } from "./web-build.ts";

/** Offsets from MOLT_PORT_BASE. */
const OFFSETS = {
  landing: 0,
  app: 1,
  api: 2,
  mail: 3,
  checkout: 4,
  auth: 5,
  machines: 6,
  demoModel: 7,
  modelProxy: 8,
  postgres: 9,
  smtp: 10,
  flycast: 11,
  worker: 12,
  bots: 100,
} as const;
export type PortName = keyof typeof OFFSETS;
export type Ports = Record<PortName, number>;

export function portsFrom(base: number): Ports {
  return Object.fromEntries(Object.entries(OFFSETS).map(([name, offset]) => [name, base + offset])) as Ports; // same keys by construction
}

export const at = (port: number) => `http://127.0.0.1:${port}`;

export interface Plan {
  /** Which services of the outside world this copy plays itself. */
  standIns: Record<ServiceName | "models", boolean>;
  ports: Ports;
  dataDir: string;
  secrets: LocalSecrets;
  urls: { landing: string; app: string; api: string; mail: string; checkout: string };
}

/** @throws ConfigError when the environment sets a service only half. */
export function planServices(
  env: NodeJS.ProcessEnv,
  options: { ports: Ports; dataDir: string; secrets: LocalSecrets },
): Plan {
  const { ports } = options;
  return {
    ...options,
    standIns: {
      database: !isSet(env, "database"),
      auth: !isSet(env, "auth"),
      billing: !isSet(env, "billing"),
      machines: !isSet(env, "machines"),
      mail: !isSet(env, "mail"),
      models: readProviders(env).length === 0,
    },
    urls: {
      landing: env["LANDING_URL"] ?? at(ports.landing),
      app: env["APP_URL"] ?? at(ports.app),
      api: env["API_URL"] ?? at(ports.api),
      mail: at(ports.mail),
      checkout: at(ports.checkout),
    },
  };
}

/** Of the caller's environment only what every process may see; provider keys are not among it. */
function base(env: NodeJS.ProcessEnv, plan: Plan): Record<string, string> {
  const kept: Record<string, string> = {
    NODE_COMPILE_CACHE: join(plan.dataDir, "compile-cache"),
    NODE_OPTIONS: "--disable-warning=ExperimentalWarning",
  };
  for (const name of ["PATH", "HOME", "LANG", "TZ", "TMPDIR", "NODE_ENV"]) {
    const value = env[name];
    if (value) kept[name] = value;
  }
  return kept;
}

export const LOCAL_ORG = "local";
export const IMAGE = "molt-bot:local";
export const DATABASE = "molt";

/** The api's environment: the caller's own settings, and our addresses for the rest. */
export function apiEnvironment(
  env: NodeJS.ProcessEnv,
  plan: Plan,
  databaseUrl: string,
): Record<string, string> {
  const { ports, secrets, standIns, urls } = plan;
  const local: Record<string, string> = {
    ...(standIns.database ? { DATABASE_URL: databaseUrl } : {}),
    ...(standIns.auth ? authService(plan) : {}),
    ...(standIns.billing
      ? {
          STRIPE_SECRET_KEY: secrets.stripeSecretKey,
          STRIPE_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
          STRIPE_API_BASE: at(ports.checkout),
        }
      : {}),
    ...(standIns.machines
      ? {
          FLY_FLAPS_BASE_URL: at(ports.machines),
          FLY_API_TOKEN: secrets.flyToken,
          FLY_ORG: LOCAL_ORG,
          BOT_IMAGE: IMAGE,
          FLYCAST_DIAL_URL: at(ports.flycast),
        }
      : {}),
    ...(standIns.mail
      ? { SMTP_URL: `smtp://127.0.0.1:${ports.smtp}`, MAIL_FROM: "Molt-OS <hello@molt-os.local>" }
      : {}),
  };
  return {
    ...base(env, plan),
    ...settings(env),
    API_URL: urls.api,
    APP_URL: urls.app,
    LANDING_URL: urls.landing,
    MOLT_MASTER_KEY: env["MOLT_MASTER_KEY"] ?? secrets.masterKey,
    MOLT_BOT_MODEL_JSON: JSON.stringify(defaultBotModel(modelSettings(env, plan))),
    MODELS_URL: env["MODELS_URL"] ?? at(ports.modelProxy),
    PORT: String(ports.api),
    MOLT_MODELS_PORT: String(ports.modelProxy),
    MOLT_WORKER_PORT: String(ports.worker),
    ...local,
  };
}

function authService({ ports, secrets }: Plan): Record<string, string> {
  return {
    SUPABASE_URL: at(ports.auth),
    SUPABASE_PUBLISHABLE_KEY: secrets.publishableKey,
    SUPABASE_SECRET_KEY: secrets.authSecretKey,
    MOLT_AUTH_HOOK_SECRET: secrets.authHookSecret,
  };
}

/**
 * V8 lets the young objects of a busy process take 32 MB and more before it looks at them. The proxy's
 * die within a call: with 4 MB five hundred open streams need 67 MB instead of 111, at the same CPU.
 */
export const SMALL_NURSERY = "--max-semi-space-size=4";

/** The model proxy alone gets the providers' keys. */
export function modelsEnvironment(
  env: NodeJS.ProcessEnv,
  plan: Plan,
  api: Record<string, string>,
): Record<string, string> {
  const options = { NODE_OPTIONS: `${api["NODE_OPTIONS"] ?? ""} ${SMALL_NURSERY}`.trim() };
  return { ...api, ...modelSettings(env, plan), ...options };
}

/** What `models/providers.ts` reads: the providers of the environment, or the demo model in their place. */
function modelSettings(env: NodeJS.ProcessEnv, { standIns, ports, secrets }: Plan): Record<string, string> {
  if (standIns.models)
    return { MOLT_DEMO_MODEL_URL: at(ports.demoModel), MOLT_DEMO_MODEL_KEY: secrets.demoModelKey };
  return pick(env, (name) => PROVIDER.test(name) || MODEL_SETTING.has(name));
}

function pick(env: NodeJS.ProcessEnv, wanted: (name: string) => boolean): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value && wanted(name)) kept[name] = value;
  return kept;
}

const PROVIDER = /^(ANTHROPIC|OPENAI|OPENROUTER|OPENAI_COMPATIBLE)_/;
const MODEL_SETTING = new Set(["MOLT_BOT_MODEL", "MOLT_MODEL_PRICES"]);
/** What the operator may set for every role, beside the services. */
const SETTING = /^(MOLT_|SUPABASE_|STRIPE_|FLY_|SMTP_|MAIL_|DATABASE_URL$|BOT_IMAGE$|FLYCAST_)/;
/** Meant for this script, or taken from the plan. */
const NOT_PASSED = new Set(["MOLT_DATA_DIR", "MOLT_PORT_BASE"]);

function settings(env: NodeJS.ProcessEnv): Record<string, string> {
  return pick(env, (name) => SETTING.test(name) && !NOT_PASSED.has(name));
}

export function standInEnvironment(
  env: NodeJS.ProcessEnv,
  plan: Plan,
  databaseUrl: string,
): Record<"auth" | "billing" | "machines" | "models" | "mail", Record<string, string>> {
  const { ports, secrets, urls, dataDir } = plan;
  const shared = { ...base(env, plan), DATABASE_URL: databaseUrl };
  return {
    auth: {
      ...shared,
      PORT: String(ports.auth),
      DATA_DIR: join(dataDir, "auth"),
      SITE_URL: urls.app,
      REDIRECT_URLS: `${urls.app}/chat,${urls.app}/sign-in,moltos://sign-in`,
      SMTP_URL: env["SMTP_URL"] ?? `smtp://127.0.0.1:${ports.smtp}`,
      MAIL_FROM: env["MAIL_FROM"] ?? "Molt-OS <hello@molt-os.local>",
      AUTOCONFIRM: env["MOLT_AUTOCONFIRM"] ?? "true",
      PUBLISHABLE_KEY: secrets.publishableKey,
      SECRET_KEY: secrets.authSecretKey,
      // All mails leave through the product's one outbox, in its face and the reader's language.
      HOOK_SEND_EMAIL_URI: `${at(ports.api)}/auth/hooks/send-email`,
      HOOK_SEND_EMAIL_SECRETS: secrets.authHookSecret,
    },
    billing: {
      ...shared,
      PORT: String(ports.checkout),
      SECRET_KEY: secrets.stripeSecretKey,
      WEBHOOK_URL: `${urls.api}/billing/webhook`,
      WEBHOOK_SECRET: secrets.stripeWebhookSecret,
      METER_WEBHOOK_URL: `${urls.api}/billing/webhook/meter`,
      METER_WEBHOOK_SECRET: secrets.stripeWebhookSecret,
    },
    machines: {
      ...shared,
      PORT: String(ports.machines),
      PROXY_PORT: String(ports.flycast),
      DATA_DIR: join(dataDir, "machines"),
      TOKEN: secrets.flyToken,
      BOT_PORT_BASE: String(ports.bots),
      IMAGES: JSON.stringify({ [IMAGE]: botImage() }),
    },
    models: {
      ...base(env, plan),
      PORT: String(ports.demoModel),
      DATA_DIR: join(dataDir, "models"),
      API_KEY: secrets.demoModelKey,
    },
    mail: { ...shared, PORT: String(ports.mail), SMTP_PORT: String(ports.smtp) },
  };
}

/** What a machine of this computer runs, in the words of local/machines/settings.ts. */
function botImage() {
  return {
    // A machine gets no variable of ours; what belongs to the image itself goes with its command.
    command: ["/usr/bin/env", `COMPILE_CACHE_DIR=${BOT_CACHE}`, process.execPath, join(root, "bot/entry.ts")],
    // All of this checkout that a bot sees.
    files: [join(root, "node_modules"), dirname(process.execPath), join(root, "bot")],
    caches: [BOT_CACHE],
  };
}

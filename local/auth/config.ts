/** The one file of this stand-in that reads the environment; main.ts hands it in. */
import { isIP } from "node:net";

import type { Hook } from "./mail-hook.ts";

export interface Config {
  /** 0 takes any free port. The host is always 127.0.0.1. */
  port: number;
  databaseUrl: string;
  /** Holds the signing keys and the secret behind codes and refresh tokens, mode 0600. */
  dataDir: string;
  /** Base address that people and tokens see; undefined is the service's own address. */
  publicBase: string | undefined;
  siteUrl: string;
  /** Exact addresses a link may lead to, besides siteUrl. */
  redirectUrls: string[];
  smtpUrl: string | undefined;
  mailFrom: string;
  /** True: a sign-up is confirmed at once and answers a session. */
  autoconfirm: boolean;
  disableSignup: boolean;
  /** True: a new password needs a fresh session or a mailed nonce (`secure_password_change`). */
  securePasswordChange: boolean;
  /** The accepted `apikey` header; undefined accepts any. */
  publishableKey: string | undefined;
  /** Opens the administration; undefined closes it. */
  secretKey: string | undefined;
  /** Where mails go instead of SMTP (GOTRUE_HOOK_SEND_EMAIL_*); undefined sends them by SMTP. */
  mailHook: Hook | undefined;
  jwtSeconds: number;
  /** Multiplies every per-address and per-account allowance; 1 is what GoTrue ships. */
  rateLimitScale: number;
  /** log2 of scrypt's N. 14 with r = 8, p = 5 is OWASP's smallest setting; tests go lower. */
  scryptLog2: number;
  control: boolean;
  clockOffsetMs: number;
  logLevel: string;
}

export function readConfig(env: NodeJS.ProcessEnv): Config {
  return {
    port: whole(env, "PORT", { fallback: 0, min: 0, max: 65_535 }),
    databaseUrl: required(env, "DATABASE_URL"),
    dataDir: required(env, "DATA_DIR"),
    publicBase: env["ISSUER"] ? baseUrl("ISSUER", env["ISSUER"]) : undefined,
    siteUrl: baseUrl("SITE_URL", env["SITE_URL"] || "http://127.0.0.1:4701"),
    redirectUrls: list(env["REDIRECT_URLS"]),
    smtpUrl: env["SMTP_URL"] || undefined,
    mailFrom: env["MAIL_FROM"] || "Molt-OS <hello@molt-os.localhost>",
    autoconfirm: flag(env, "AUTOCONFIRM", true),
    disableSignup: flag(env, "DISABLE_SIGNUP", false),
    securePasswordChange: flag(env, "SECURE_PASSWORD_CHANGE", false),
    publishableKey: env["PUBLISHABLE_KEY"] || undefined,
    secretKey: env["SECRET_KEY"] || undefined,
    mailHook: mailHook(env),
    jwtSeconds: whole(env, "JWT_EXP", { fallback: 900, min: 1, max: 604_800 }),
    rateLimitScale: whole(env, "RATE_LIMIT_SCALE", { fallback: 1, min: 1, max: 1_000_000 }),
    scryptLog2: whole(env, "SCRYPT_LOG2", { fallback: 14, min: 4, max: 17 }),
    control: env["CONTROL"] === "1",
    clockOffsetMs: whole(env, "CLOCK_OFFSET_MS", { fallback: 0, min: -1e13, max: 1e13 }),
    logLevel: env["LOG_LEVEL"] || "info",
  };
}

/** Set whole or not at all. Several secrets, as while one is being exchanged, are separated by `|`. */
function mailHook(env: NodeJS.ProcessEnv): Hook | undefined {
  const uri = env["HOOK_SEND_EMAIL_URI"];
  const secrets = (env["HOOK_SEND_EMAIL_SECRETS"] ?? "").split("|").filter((secret) => secret !== "");
  if (!uri && secrets.length === 0) return undefined;
  if (!uri || !URL.canParse(uri)) throw new Error("HOOK_SEND_EMAIL_URI must be a full address.");
  if (secrets.length === 0 || !secrets.every((secret) => /^v1,whsec_[A-Za-z0-9+/]{32,}=*$/.test(secret)))
    throw new Error(
      "HOOK_SEND_EMAIL_SECRETS must be v1,whsec_<base64 of at least 24 bytes>, separated by |.",
    );
  return { uri, secrets, timeoutMs: whole(env, "HOOK_TIMEOUT_MS", { fallback: 5_000, min: 1, max: 60_000 }) };
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (!value) throw new Error(`${name} is not set. The auth stand-in cannot start without it.`);
  return value;
}

function flag(env: NodeJS.ProcessEnv, name: string, fallback: boolean): boolean {
  const value = env[name];
  if (!value) return fallback;
  if (value === "true" || value === "1") return true;
  if (value === "false" || value === "0") return false;
  throw new Error(`${name} must be "true" or "false", not "${value}".`);
}

function whole(
  env: NodeJS.ProcessEnv,
  name: string,
  range: { fallback: number; min: number; max: number },
): number {
  const value = env[name];
  if (!value) return range.fallback;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= range.min && number <= range.max) return number;
  throw new Error(`${name} must be a whole number from ${range.min} to ${range.max}, not "${value}".`);
}

function baseUrl(name: string, value: string): string {
  const url = URL.parse(value);
  if (!url || isIP(value)) throw new Error(`${name} must be an address such as http://127.0.0.1:4705.`);
  return value.replace(/\/+$/, "");
}

function list(value: string | undefined): string[] {
  const items = (value ?? "")
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "");
  for (const item of items) {
    if (!URL.canParse(item)) throw new Error(`REDIRECT_URLS: "${item}" is not a full address.`);
  }
  return items;
}

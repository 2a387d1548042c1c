/** What a machine is told at start, read once and checked whole: every bad variable is named in one error. */
import path from "node:path";

export interface ModelSettings {
  readonly id: string;
  readonly name: string;
  readonly api: "anthropic-messages" | "openai-completions" | "openai-responses";
  readonly contextWindow: number;
  readonly maxTokens: number;
  readonly input: readonly ("text" | "image")[];
  readonly reasoning: boolean;
  /** Dollars a million tokens, shown inside the bot only. Bills come from our ledger. */
  readonly cost: { input: number; output: number; cacheRead: number; cacheWrite: number };
}

export interface BotSettings {
  readonly botId: string;
  readonly gatewayToken: string;
  readonly modelKey: string;
  /** Base address of the model proxy without `/v1`. */
  readonly modelUrl: string;
  readonly model: ModelSettings;
  /** The volume: all that must survive a restart lies below it. */
  readonly dataDir: string;
  readonly doorHost: string;
  readonly doorPort: number;
  readonly gatewayPort: number;
  /** Where Node keeps compiled modules; may be shared by bots of one host. */
  readonly compileCacheDir: string;
  /** The host's name for this machine; no secret. It finds what the agent started by this mark. */
  readonly machineId: string | undefined;
  readonly timeZone: string;
  readonly language: string;
}

/** The environment is not enough to start a bot; the message names each variable and what is wrong. */
export class SettingsError extends Error {
  override name = "SettingsError";
}

type Env = Readonly<Record<string, string | undefined>>;

const apis = ["anthropic-messages", "openai-completions", "openai-responses"] as const;
const inputs = ["text", "image"] as const;

/**
 * Reads the machine's environment.
 * The door listens on all addresses only where Fly gave this machine an address of its private
 * network (fdaa:); anywhere else a forgotten setting must not open a bot to the world, so the
 * default is loopback.
 * @throws {SettingsError} with one line per wrong variable; secrets are named, never quoted.
 */
export function readSettings(env: Env): BotSettings {
  const wrong: string[] = [];
  const read = <T>(name: string, parse: (value: string) => T, fallback?: string): T | undefined => {
    const value = env[name] || fallback;
    if (value === undefined) {
      wrong.push(`${name} is missing`);
      return undefined;
    }
    try {
      return parse(value);
    } catch (error) {
      wrong.push(`${name} ${error instanceof Error ? error.message : "is wrong"}`);
      return undefined;
    }
  };
  const dataDir = read("MOUNT_DATA", absolute, "/data");
  const settings = {
    botId: read("MOLT_BOT_ID", word),
    gatewayToken: read("MOLT_GATEWAY_TOKEN", secret),
    modelKey: read("MOLT_MODEL_KEY", secret),
    modelUrl: read("MOLT_MODEL_URL", baseUrl),
    model: read("MOLT_MODEL", parseModel),
    dataDir,
    doorHost: env.DOOR_HOST || (env.FLY_PRIVATE_IP?.startsWith("fdaa:") ? "::" : "127.0.0.1"),
    doorPort: read("DOOR_PORT", port, "8080"),
    gatewayPort: read("GATEWAY_PORT", port, "18789"),
    compileCacheDir: read("COMPILE_CACHE_DIR", absolute, path.join(dataDir ?? "/data", "compile-cache")),
    machineId: env.FLY_MACHINE_ID ? read("FLY_MACHINE_ID", word) : undefined,
    timeZone: read("TZ", timeZone, "UTC"),
    language: read("LANG", word, "C.UTF-8"),
  };
  if (wrong.length > 0) throw new SettingsError(wrong.join("; "));
  // Every reader either returned a value or put a line into `wrong`, which has just been found empty.
  return settings as BotSettings;
}

/** @throws {RangeError} naming the first field that is not as `ModelSettings` says. */
export function parseModel(json: string): ModelSettings {
  const model: unknown = JSON.parse(json);
  if (!isRecord(model)) throw new RangeError("must be a JSON object");
  const cost = isRecord(model.cost) ? model.cost : {};
  return {
    id: text(model.id, "id"),
    name: text(model.name, "name"),
    api: oneOf(model.api, apis, "api"),
    contextWindow: whole(model.contextWindow, "contextWindow"),
    maxTokens: whole(model.maxTokens, "maxTokens"),
    input: list(model.input, "input").map((kind) => oneOf(kind, inputs, "input")),
    reasoning: model.reasoning === true,
    cost: {
      input: price(cost.input, "cost.input"),
      output: price(cost.output, "cost.output"),
      cacheRead: price(cost.cacheRead, "cost.cacheRead"),
      cacheWrite: price(cost.cacheWrite, "cost.cacheWrite"),
    },
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function absolute(value: string): string {
  if (!path.isAbsolute(value)) throw new RangeError("must be an absolute path");
  return path.normalize(value);
}

function word(value: string): string {
  if (!/^[\w.@:-]{1,128}$/.test(value)) throw new RangeError("must be one word of at most 128 characters");
  return value;
}

function secret(value: string): string {
  if (!/^[\x21-\x7e]{16,512}$/.test(value)) throw new RangeError("must be 16 to 512 printable characters");
  return value;
}

function baseUrl(value: string): string {
  const url = URL.parse(value);
  if (!url || !["http:", "https:"].includes(url.protocol)) throw new RangeError("must be an http(s) address");
  if (url.username || url.password || url.search || url.hash) throw new RangeError("must be a bare address");
  return url.href.replace(/\/+$/, "");
}

function port(value: string): number {
  const number = Number(value);
  if (!/^\d{1,5}$/.test(value) || number > 65_535) throw new RangeError("must be a port number");
  return number;
}

function timeZone(value: string): string {
  return new Intl.DateTimeFormat("en", { timeZone: value }).resolvedOptions().timeZone;
}

function text(value: unknown, field: string): string {
  if (typeof value !== "string" || value === "" || value.length > 200)
    throw new RangeError(`.${field} must be a text of 1 to 200 characters`);
  return value;
}

function whole(value: unknown, field: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 1)
    throw new RangeError(`.${field} must be a whole number above 0`);
  return value;
}

function price(value: unknown, field: string): number {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0)
    throw new RangeError(`.${field} must be a number of dollars a million tokens`);
  return value;
}

function list(value: unknown, field: string): unknown[] {
  if (!Array.isArray(value) || value.length === 0) throw new RangeError(`.${field} must be a list`);
  return value;
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[], field: string): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new RangeError(`.${field} must be one of ${allowed.join(", ")}`);
  return found;
}

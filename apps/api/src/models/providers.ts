/**
 * Which model providers there are, from an environment record: address, keys, wire formats, and
 * what each charges. Nothing else in the product knows a provider by name. Local or real is another
 * address: the stand-in is the provider `demo`.
 */
import { modelIds, type ModelPrice, priceOf } from "@molt/contract";
import { type BotModel, ConfigError } from "../config.ts";
import { readOwnPrices } from "./own-prices.ts";

export type ModelApi = BotModel["api"];
type Environment = Readonly<Record<string, string | undefined>>;

export interface Provider {
  id: "anthropic" | "openai" | "openrouter" | "compatible" | "demo";
  /** Ends where the path goes on with `/messages`, `/chat/completions` or `/responses`. */
  baseUrl: string;
  /** One or more; the next is used when one is refused or limited. */
  keys: readonly string[];
  apis: readonly ModelApi[];
  /** How the key is sent. */
  auth: "x-api-key" | "bearer";
  /** It may know only one of the two names that the limit of the output has: both are sent. */
  wantsBothLimits?: boolean;
  /** Ids to list; whether one is served here is `price`'s answer. */
  models: readonly string[];
  /** What a model costs here on an ISO day; undefined when this provider does not serve it. */
  price(model: string, day: string): ModelPrice | undefined;
}

const OPENAI_APIS: readonly ModelApi[] = ["openai-completions", "openai-responses"];

/**
 * Providers in the order they are asked for a model. Keys may be several, separated by commas.
 * @throws {ConfigError} naming the variable that is wrong or missing.
 */
export function readProviders(env: Environment): Provider[] {
  const own = readOwnPrices(env["MOLT_MODEL_PRICES"]);
  const priced = (wanted: ModelPrice["provider"]) => (model: string, day: string) => {
    const price = priceOf(model, day);
    if (price?.provider !== wanted) return undefined;
    // The operator's price holds under every name of the model.
    return own.get(model) ?? own.get(price.model) ?? price;
  };
  const providers: Provider[] = [];
  const add = (provider: Omit<Provider, "keys" | "baseUrl" | "models">, keyName: string, base: string) => {
    const keys = list(env[keyName]);
    if (keys.length > 0) providers.push({ ...provider, keys, baseUrl: base, models: modelIds() });
  };
  add(
    { id: "anthropic", apis: ["anthropic-messages"], auth: "x-api-key", price: priced("anthropic") },
    "ANTHROPIC_API_KEY",
    `${address(env, "ANTHROPIC_BASE_URL", "https://api.anthropic.com").replace(/\/v1$/, "")}/v1`,
  );
  add(
    { id: "openai", apis: OPENAI_APIS, auth: "bearer", price: priced("openai") },
    "OPENAI_API_KEY",
    address(env, "OPENAI_BASE_URL", "https://api.openai.com/v1"),
  );
  add(
    { id: "openrouter", apis: ["openai-completions"], auth: "bearer", price: priced("openrouter") },
    "OPENROUTER_API_KEY",
    address(env, "OPENROUTER_BASE_URL", "https://openrouter.ai/api/v1"),
  );
  const compatible = readCompatible(env, own);
  if (compatible) providers.push(compatible);
  const demo = address(env, "MOLT_DEMO_MODEL_URL", "");
  if (demo !== "") {
    const keys = list(env["MOLT_DEMO_MODEL_KEY"]);
    const apis: readonly ModelApi[] = ["anthropic-messages", ...OPENAI_APIS];
    const base = { id: "demo", apis, auth: "x-api-key", models: modelIds(), price: priced("molt") } as const;
    providers.push({ ...base, baseUrl: `${demo}/v1`, keys: keys.length > 0 ? keys : ["demo"] });
  }
  return providers;
}

/** An address of one's own (Ollama, vLLM, a company's gateway): serves what has a price of one's own. */
function readCompatible(env: Environment, own: Map<string, ModelPrice>): Provider | undefined {
  const baseUrl = address(env, "OPENAI_COMPATIBLE_BASE_URL", "");
  if (baseUrl === "") return undefined;
  const models = list(env["OPENAI_COMPATIBLE_MODEL"]);
  if (models.length === 0)
    throw new ConfigError("OPENAI_COMPATIBLE_BASE_URL is set, but OPENAI_COMPATIBLE_MODEL is not.");
  const price = (model: string, day: string) =>
    models.includes(model) ? (own.get(model) ?? priceOf(model, day)) : undefined;
  const unpriced = models.filter((model) => !price(model, "9999-12-31"));
  if (unpriced.length > 0) {
    throw new ConfigError(
      `MOLT_MODEL_PRICES must say what ${unpriced.join(", ")} costs, in dollars a million tokens, e.g. {"${unpriced[0] ?? ""}":{"input":0,"output":0,"contextWindow":32768}}. An unpriced model is never called.`,
    );
  }
  const keys = list(env["OPENAI_COMPATIBLE_API_KEY"]);
  return {
    id: "compatible",
    baseUrl,
    keys: keys.length > 0 ? keys : ["none"],
    apis: ["openai-completions"],
    auth: "bearer",
    wantsBothLimits: true,
    models,
    price,
  };
}

/** Current models of the middle class: able agents at a price a bot can live with. */
const SENSIBLE: readonly {
  provider: Provider["id"];
  id: string;
  name: string;
  api: ModelApi;
  input: BotModel["input"];
}[] = [
  {
    provider: "anthropic",
    id: "claude-sonnet-5",
    name: "Claude Sonnet 5",
    api: "anthropic-messages",
    input: ["text", "image"],
  },
  {
    provider: "openai",
    id: "gpt-5.6-terra",
    name: "GPT-5.6 Terra",
    api: "openai-responses",
    input: ["text", "image"],
  },
  {
    provider: "openrouter",
    id: "anthropic/claude-sonnet-5",
    name: "Claude Sonnet 5",
    api: "openai-completions",
    input: ["text", "image"],
  },
  {
    provider: "demo",
    id: "molt-demo-1",
    name: "Molt demo model",
    api: "anthropic-messages",
    input: ["text"],
  },
];
/** What a bot may write in one call. The reservation covers it, so it is no larger than useful. */
const MAX_TOKENS = 8_192;

/**
 * The model a new bot runs on: MOLT_BOT_MODEL where it is set, otherwise a current one of the first
 * provider that has a key, otherwise the demo model.
 * @throws {ConfigError} when no provider is set, or none has a price for MOLT_BOT_MODEL.
 */
export function defaultBotModel(env: Environment): BotModel {
  const providers = readProviders(env);
  const wanted = env["MOLT_BOT_MODEL"] || undefined;
  for (const provider of providers) {
    const known = SENSIBLE.find((entry) => entry.provider === provider.id);
    const id = wanted ?? known?.id ?? list(env["OPENAI_COMPATIBLE_MODEL"])[0];
    const price = id === undefined ? undefined : provider.price(id, "9999-12-31");
    const api = known?.api ?? provider.apis[0];
    if (id === undefined || !price || !api) continue;
    const perMillion = (picos: number) => picos / 1e6;
    return {
      id,
      name: known?.id === id ? known.name : id,
      api,
      contextWindow: price.contextWindow,
      maxTokens: Math.min(MAX_TOKENS, price.contextWindow),
      input: known?.input ?? ["text"],
      reasoning: false,
      cost: {
        input: perMillion(price.input),
        output: perMillion(price.output),
        cacheRead: perMillion(price.cacheRead),
        cacheWrite: perMillion(price.cacheWrite),
      },
    };
  }
  if (wanted !== undefined)
    throw new ConfigError(`MOLT_BOT_MODEL is ${wanted}, but no provider that is set has a price for it.`);
  throw new ConfigError(
    "No model provider is set. Set ANTHROPIC_API_KEY or OPENAI_API_KEY, or start with npm start for the demo model.",
  );
}

function list(text: string | undefined): string[] {
  return (text ?? "")
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "");
}

function address(env: Environment, name: string, otherwise: string): string {
  const text = env[name] || otherwise;
  if (text !== "" && !URL.canParse(text)) throw new ConfigError(`${name} is not an address.`);
  return text.replace(/\/+$/, "");
}

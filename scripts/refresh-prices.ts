/**
 * Makes packages/contract/src/prices.data.ts from the installed @pydantic/genai-prices and prints
 * what changed. `node scripts/refresh-prices.ts` writes; with `--check` it only compares and exits 1
 * when the snapshot differs. Updates are commits: nothing fetches prices at run time.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import {
  findProvider,
  type MatchLogic,
  type ModelInfo,
  type ModelPrice as Listed,
} from "@pydantic/genai-prices";
import type { PricePeriod, SnapshotModel, UnitPrices } from "../packages/contract/src/prices.ts";

const TARGET = fileURLToPath(new URL("../packages/contract/src/prices.data.ts", import.meta.url));
/** Text models our three wire formats can reach; image, audio and embedding models are left out. */
const WANTED = {
  anthropic: /^claude-(opus|sonnet|haiku|fable)-/,
  openai:
    /^(gpt-4o(-mini)?|gpt-4\.1(-mini|-nano)?|gpt-5(\.\d)?(-(mini|nano|pro|codex|codex-mini|sol|luna|terra))?|gpt-6-\w+|o3|o3-mini|o4-mini)$/,
  openrouter:
    /^(anthropic\/claude-(opus|sonnet|haiku|fable)-[\d.]+|openai\/gpt-[56][\w.-]*|google\/gemini-(2\.5|3)[\w.-]*)$/,
} as const;
const LEFT_OUT = /image|audio|realtime|tts|transcribe|search/;
/** Where the list rounds down what the provider documents: a reservation has to cover the whole window. */
const WINDOWS: Record<string, number> = {
  "gpt-4.1": 1_047_576,
  "gpt-4.1-mini": 1_047_576,
  "gpt-4.1-nano": 1_047_576,
  "gpt-5.5": 1_050_000,
  "gpt-5.5-pro": 1_050_000,
};
/** A price key with one of these bills something that is not a text token. */
const FOREIGN_UNIT = /image|audio|video|reasoning/;

const packageFile = new URL("../package.json", import.meta.resolve("@pydantic/genai-prices"));
const { version } = JSON.parse(readFileSync(packageFile, "utf8")) as { version: string }; // npm sees to it that there is one
const before = existsSync(TARGET) ? await import(pathToFileURL(TARGET).href) : undefined;
const old = (before?.priceSnapshot ?? { version: "none", day: "", models: [] }) as {
  version: string;
  day: string;
  models: SnapshotModel[];
}; // our own generated file
const day = old.version === `genai-prices-${version}` ? old.day : new Date().toISOString().slice(0, 10);
const models = (Object.keys(WANTED) as (keyof typeof WANTED)[]).flatMap(snapshotOf);
const text = render(models);
const changes = compare(old.models, models);
for (const line of changes) console.log(line);
if (process.argv.includes("--check")) {
  const same = existsSync(TARGET) && readFileSync(TARGET, "utf8") === text;
  console.log(same ? "snapshot is up to date" : "snapshot differs: run node scripts/refresh-prices.ts");
  process.exitCode = same ? 0 : 1;
} else {
  writeFileSync(TARGET, text);
  console.log(`wrote ${models.length} models, ${changes.length} changes`);
}

function snapshotOf(provider: keyof typeof WANTED): SnapshotModel[] {
  const listed = findProvider({ providerId: provider });
  if (!listed) throw new Error(`@pydantic/genai-prices has no provider ${provider}`);
  return listed.models
    .filter((model) => WANTED[provider].test(model.id) && !LEFT_OUT.test(model.id) && model.context_window)
    .map((model) => toModel(provider, model))
    .filter((model) => model !== undefined);
}

function toModel(provider: SnapshotModel["provider"], model: ModelInfo): SnapshotModel | undefined {
  const listed = Array.isArray(model.prices) ? model.prices : [{ prices: model.prices }];
  const periods: PricePeriod[] = [];
  for (const entry of listed) {
    const constraint = "constraint" in entry ? entry.constraint : undefined;
    // A price by time of day has no single answer for a reservation: such a model is left out.
    if (constraint?.type === "time_of_date") return undefined;
    const period = toPeriod(entry.prices);
    if (!period) return undefined;
    periods.push(constraint ? { from: constraint.start_date, ...period } : period);
  }
  const contextWindow = Math.max(model.context_window ?? 0, WINDOWS[model.id] ?? 0);
  const match = flatten(model.match).filter((pattern) => !LEFT_OUT.test(pattern));
  return { id: model.id, provider, contextWindow, match, periods };
}

function toPeriod(listed: Listed): PricePeriod | undefined {
  if (Object.keys(listed).some((key) => FOREIGN_UNIT.test(key))) return undefined;
  const starts = Object.values(listed).flatMap((price) => (typeof price === "object" ? price.tiers : []));
  const above = new Set(starts.map((tier) => tier.start));
  if (above.size > 1) throw new Error(`more than one price tier: ${JSON.stringify(listed)}`);
  const base = unitsAt(listed, 0);
  const [start] = above;
  if (!base || start === undefined) return base;
  const long = unitsAt(listed, start + 1);
  return long ? { ...base, long: { above: start, ...long } } : base;
}

function unitsAt(listed: Listed, tokens: number): UnitPrices | undefined {
  const at = (key: string): number | undefined => {
    const price = listed[key];
    if (price === undefined) return undefined;
    const dollars =
      typeof price === "number"
        ? price
        : (price.tiers.findLast((tier) => tokens > tier.start)?.price ?? price.base);
    // Thirds of a pico exist in the list; they are dropped, so that no bill is above the truth.
    const picos = Math.floor(dollars * 1e6 + 1e-3);
    return picos;
  };
  const input = at("input_mtok");
  const output = at("output_mtok");
  if (!input || !output) return undefined;
  const cacheWrite = at("cache_write_mtok") ?? input;
  // OpenRouter lists no hour price; Anthropic's is twice the input price.
  const cacheWrite1h = at("cache_write_1h_mtok") ?? (cacheWrite > input ? 2 * input : cacheWrite);
  return { input, output, cacheRead: at("cache_read_mtok") ?? input, cacheWrite, cacheWrite1h };
}

function flatten(match: MatchLogic): string[] {
  if ("or" in match) return match.or.flatMap(flatten);
  if ("equals" in match) return [`=${match.equals}`];
  if ("starts_with" in match) return [`^${match.starts_with}`];
  if ("regex" in match) return [`~${match.regex}`];
  throw new Error(`cannot express the match ${JSON.stringify(match)}`);
}

function render(all: SnapshotModel[]): string {
  const lines = all.map((model) => `    ${JSON.stringify(model)},`).join("\n");
  return `/** Made by scripts/refresh-prices.ts from @pydantic/genai-prices ${version} (MIT). Not edited by hand. */
import type { SnapshotModel } from "./prices.ts";

export const priceSnapshot: { version: string; day: string; models: readonly SnapshotModel[] } = {
  version: "genai-prices-${version}",
  day: "${day}",
  models: [
${lines}
  ],
};
`;
}

function compare(was: readonly SnapshotModel[], is: readonly SnapshotModel[]): string[] {
  const key = (model: SnapshotModel) => `${model.provider} ${model.id}`;
  const [old, now] = [was, is].map(
    (list) => new Map(list.map((model) => [key(model), JSON.stringify(model)])),
  );
  const lines: string[] = [];
  for (const [id, json] of now ?? []) {
    const other = old?.get(id);
    if (other === undefined) lines.push(`+ ${id}`);
    else if (other !== json) lines.push(`~ ${id}\n    was ${other}\n    is  ${json}`);
  }
  for (const id of old?.keys() ?? []) if (!now?.has(id)) lines.push(`- ${id}`);
  return lines;
}

/**
 * What a bot may ask about itself: its budget (GET /v1/usage) and the models it may use
 * (GET /v1/catalog), in the shape that OpenClaw's bundled `clawrouter` plugin reads
 * (dist/extensions/clawrouter of the pinned package). Amounts are provider cost in micro-dollars,
 * as the caps are.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Proxy } from "./answer-call.ts";
import { type ServedModel, servedModels } from "./find-routes.ts";
import type { ModelApi, Provider } from "./providers.ts";
import { CallRefused, refusals } from "./refusals.ts";
import { type BotMonth, selectBotMonth } from "./router-table.ts";

const PICOS_PER_MICRO = 1_000_000n;
/** What a bot is advised to let a model write in one call; the price table does not say what it could. */
const MAX_OUTPUT_TOKENS = 8_192;

/** The plugin's native addresses are ours with the provider's name in front: `/v1/native/anthropic/v1/messages`. */
const NATIVE = /^\/v1\/native\/[a-z]{1,20}(?=\/v1\/)/;

/** The path as the rest of the proxy knows it. */
export function plainPath(url: string | undefined): string {
  return (url?.split("?", 1)[0] ?? "/").replace(NATIVE, "");
}

/** Answers one of the two, or nothing: false means that the path is somebody else's. */
export async function answerRouter(
  { deps, providers }: Proxy,
  { req, res, path, botId }: { req: IncomingMessage; res: ServerResponse; path: string; botId: string },
): Promise<boolean> {
  if (req.method !== "GET") return false;
  if (path === "/v1/usage") {
    const month = await selectBotMonth(deps.db, botId).catch((cause: unknown) => {
      throw new CallRefused(refusals.ledgerDown, cause);
    });
    if (!month) throw new CallRefused(refusals.unknownKey);
    sendJson(res, viewMonth(botId, month));
    return true;
  }
  if (path === "/v1/catalog") {
    sendJson(res, viewCatalog(providers, deps.clock.now().toISOString().slice(0, 10)));
    return true;
  }
  return false;
}

function viewMonth(botId: string, { month, capPicos, spentPicos, calls, tokens, costPicos }: BotMonth) {
  return {
    budget: {
      configured: true,
      // Rounded so that it never says there is more left than there is.
      limitMicros: Number(capPicos / PICOS_PER_MICRO),
      spentMicros: microsUp(spentPicos),
      windowKey: `${botId}/${month.slice(0, 7)}`,
    },
    usage: {
      summary: {
        requestCount: Number(calls),
        totalTokens: Number(tokens),
        actualCostMicros: microsUp(costPicos),
      },
    },
  };
}

function microsUp(picos: bigint): number {
  return Number((picos + PICOS_PER_MICRO - 1n) / PICOS_PER_MICRO);
}

const CAPABILITY: Record<ModelApi, string> = {
  "anthropic-messages": "llm.messages",
  "openai-completions": "llm.chat",
  "openai-responses": "llm.responses",
};

function viewCatalog(providers: readonly Provider[], day: string) {
  const served = servedModels(providers, day);
  return {
    providers: providers.map((provider) => ({
      id: provider.id,
      displayName: provider.id,
      // One format a model: with Anthropic's, prompts are cached where the bot marks them.
      openaiCompatible: !provider.apis.includes("anthropic-messages"),
      nativeBaseUrl: `/v1/native/${provider.id}`,
      routes: provider.apis.includes("anthropic-messages")
        ? [{ path: "/v1/messages", requestFormat: "anthropic.messages", methods: ["POST"] }]
        : [],
      models: served.filter((model) => model.provider === provider).map(viewModel),
    })),
  };
}

function viewModel({ id, provider, price }: ServedModel) {
  return {
    id,
    upstream: id,
    displayName: id,
    capabilities: provider.apis.map((api) => CAPABILITY[api]),
    // Pico-dollars a token are micro-dollars a million tokens.
    pricing: {
      inputMicrosPerMillion: price.input,
      outputMicrosPerMillion: price.output,
      cachedInputMicrosPerMillion: price.cacheRead,
      cacheWrite5mInputMicrosPerMillion: price.cacheWrite,
      cacheWrite1hInputMicrosPerMillion: price.cacheWrite1h,
      maxInputTokens: price.contextWindow,
      defaultMaxOutputTokens: Math.min(MAX_OUTPUT_TOKENS, price.contextWindow),
    },
  };
}

function sendJson(res: ServerResponse, body: unknown): void {
  const bytes = Buffer.from(JSON.stringify(body));
  res
    .writeHead(200, {
      "content-type": "application/json",
      "content-length": bytes.length,
      "cache-control": "no-store",
    })
    .end(bytes);
}

/** What a bot may ask without cost: which models there are, and how many tokens a prompt has. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Proxy } from "./answer-call.ts";
import { delivered, STALLED_MS } from "./delivered.ts";
import { findRoutes, servedModels } from "./find-routes.ts";
import { readCall } from "./read-call.ts";
import { redactKeys } from "./redact.ts";
import { CallRefused, modelNotAvailable, refusals } from "./refusals.ts";
import { returnHeaders } from "./return-headers.ts";
import { readWhole } from "./upstream.ts";

const ANSWER_BYTES = 1024 * 1024;
const TIMEOUT_MS = 30_000;

/** The models with a price, in the shape of the api that asks (Anthropic's clients say which version they speak). */
export function listModels({ providers, deps }: Proxy, req: IncomingMessage, res: ServerResponse): void {
  const day = deps.clock.now().toISOString().slice(0, 10);
  const served = servedModels(providers, day).map(({ id }) => id);
  const isAnthropic = typeof req.headers["anthropic-version"] === "string";
  const data = served.map((id) =>
    isAnthropic
      ? { type: "model", id, display_name: id, created_at: "1970-01-01T00:00:00Z" }
      : { id, object: "model", created: 0, owned_by: "molt" },
  );
  const paging = isAnthropic
    ? { has_more: false, first_id: served[0] ?? null, last_id: served.at(-1) ?? null }
    : { object: "list" };
  const bytes = Buffer.from(JSON.stringify({ ...paging, data }));
  res.writeHead(200, { "content-type": "application/json", "content-length": bytes.length }).end(bytes);
}

/** Anthropic's count_tokens costs nothing, so it has no row in the ledger; the limiter bounds it. */
export async function countTokens(
  { providers, upstream, keys, deps }: Proxy,
  { req, res, body }: { req: IncomingMessage; res: ServerResponse; body: Buffer },
): Promise<void> {
  const day = deps.clock.now().toISOString().slice(0, 10);
  const { model } = readCall("anthropic-messages", withLimit(body));
  const [route] = findRoutes(providers, { api: "anthropic-messages", model, day });
  if (!route) throw modelNotAvailable(model);
  try {
    const message = { path: "/messages/count_tokens", headers: req.headers, body };
    const answer = await upstream.reserve(route).send(message, TIMEOUT_MS);
    const counted = await readWhole(answer, ANSWER_BYTES);
    const { status } = answer;
    if (status === 401 || status === 403 || (status >= 300 && status < 400))
      throw new CallRefused(refusals.providerRefusesUs);
    const bytes = Buffer.from(redactKeys(counted.toString("utf8"), keys));
    res.writeHead(status, { ...returnHeaders(answer.headers), "content-length": bytes.length }).end(bytes);
    await delivered(res, STALLED_MS);
  } catch (err) {
    if (err instanceof CallRefused) throw err;
    deps.log.error({ err, provider: route.provider.id }, "tokens could not be counted");
    throw new CallRefused(refusals.providerDown, err);
  }
}

/** The same checks as for a call; counting needs no max_tokens. */
function withLimit(body: Buffer): Buffer {
  const start = body.indexOf("{");
  return start === -1 ? body : Buffer.concat([Buffer.from('{"max_tokens":1,'), body.subarray(start + 1)]);
}

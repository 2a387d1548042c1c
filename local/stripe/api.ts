/** `/v1/*` and what is spoken of `/v2/*`: key, idempotency, route, expansion, truth log. */
import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { apiVersion, render, type Settings } from "./act.ts";
import type { ApiFault, Faults } from "./control/faults.ts";
import { actNow } from "./cycle/due.ts";
import { badKey, StripeError, unknownRoute } from "./errors.ts";
import { formOfJson, parseForm } from "./form.ts";
import { newId } from "./ids.ts";
import { Params } from "./params.ts";
import { expand } from "./route.ts";
import { findRoute } from "./routes.ts";
import type { Store, Tx } from "./store.ts";

export interface ApiDeps {
  store: Store;
  settings: Settings;
  faults: Faults;
  secretKey: string;
  /** Called after each commit that may have caused events. */
  changed(): void;
}

interface Call {
  method: string;
  path: string;
  form: string;
  requestId: string;
  key: string | null;
}

interface Answer {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

export function apiRoutes(app: FastifyInstance, deps: ApiDeps): void {
  const handler = async (request: FastifyRequest, reply: FastifyReply) => {
    const call = readCall(request);
    const fault = deps.faults.take(call.method, call.path);
    const answer = await guarded(call, () => {
      checkKey(request, deps.secretKey);
      return fault?.kind === "refuse" ? refuse(deps, call, fault) : answerCall(deps, call);
    });
    if (call.method !== "GET") deps.changed();
    return misbehave(reply, fault, () => send(reply, call, answer));
  };
  for (const url of ["/v1/*", "/v2/*"]) app.route({ method: ["GET", "POST", "DELETE"], url, handler });
}

function readCall(request: FastifyRequest): Call {
  const [path = "", query = ""] = request.url.split("?", 2);
  const key = request.headers["idempotency-key"];
  return {
    method: request.method,
    path: path.replace(/\/$/, ""),
    form: request.method === "POST" ? bodyAsForm(request.body) : query,
    requestId: newId("req_", 14),
    key: request.method === "POST" && typeof key === "string" && key !== "" ? key.slice(0, 255) : null,
  };
}

function bodyAsForm(body: unknown): string {
  return typeof body === "string" ? body : formOfJson(body);
}

function checkKey(request: FastifyRequest, secretKey: string): void {
  const match = /^Bearer (.+)$/.exec(request.headers.authorization ?? "");
  if (match?.[1] !== secretKey) throw badKey(match?.[1]);
}

async function guarded(call: Call, run: () => Promise<Answer>): Promise<Answer> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof StripeError) return errorAnswer(error, call);
    throw error;
  }
}

function errorAnswer(error: StripeError, call: Call): Answer {
  const { status, shouldRetry } = error.fields;
  const headers = shouldRetry === undefined ? {} : { "stripe-should-retry": String(shouldRetry) };
  return { status, body: JSON.stringify(error.body(call.requestId)), headers };
}

/** Reads take no lock; writes are one transaction with their events, their truth and their stored answer. */
async function answerCall(deps: ApiDeps, call: Call): Promise<Answer> {
  if (call.method === "GET") return deps.store.read((tx) => perform(deps, tx, call));
  return deps.store.write(
    async (tx) => (await replay(tx, call)) ?? storeAnswer(tx, call, await perform(deps, tx, call)),
  );
}

async function perform(deps: ApiDeps, tx: Tx, call: Call): Promise<Answer> {
  const { route, ids } = findRoute(call.method, call.path);
  const params = new Params(parseForm(call.form));
  const paths = params.texts("expand");
  const act = await actNow(tx, deps.settings, { id: call.requestId, idempotencyKey: call.key });
  const result = await route.run(act, params, ids);
  params.end();
  const body = render(await expand(act, result, paths));
  if (call.method !== "GET") {
    await tx.query(
      `insert into stripe_local.truth_log (method, path, idempotency_key, params, status, result_id)
       values ($1, $2, $3, $4, 200, $5)`,
      [call.method, call.path, call.key, JSON.stringify(parseForm(call.form)), idOf(body)],
    );
  }
  return { status: 200, body: JSON.stringify(body) };
}

function idOf(body: unknown): string | null {
  return typeof body === "object" && body !== null && "id" in body ? String(body.id) : null;
}

function fingerprint(call: Call): string {
  return createHash("sha256").update(`${call.method} ${call.path}\n${call.form}`).digest("hex");
}

async function replay(tx: Tx, call: Call): Promise<Answer | undefined> {
  if (call.key === null) return undefined;
  const [stored] = await tx.query<{ fingerprint: string; status: number; body: string; request_id: string }>(
    "select fingerprint, status, body, request_id from stripe_local.idempotency where key = $1",
    [call.key],
  );
  if (!stored) return undefined;
  if (stored.fingerprint !== fingerprint(call)) {
    throw new StripeError({
      status: 400,
      type: "idempotency_error",
      message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${call.key}' if you meant to execute a different request.`,
    });
  }
  return {
    status: stored.status,
    body: stored.body,
    headers: { "idempotent-replayed": "true", "original-request": stored.request_id },
  };
}

/** A refused call never comes here: at Stripe, what failed its validation may come again under its key. */
async function storeAnswer(tx: Tx, call: Call, answer: Answer): Promise<Answer> {
  if (call.key === null) return answer;
  await tx.query(
    "insert into stripe_local.idempotency (key, fingerprint, status, body, request_id) values ($1, $2, $3, $4, $5)",
    [call.key, fingerprint(call), answer.status, answer.body, call.requestId],
  );
  return answer;
}

async function refuse(deps: ApiDeps, call: Call, fault: ApiFault): Promise<Answer> {
  const status = fault.status ?? 500;
  const code = { 429: "rate_limit", 409: "lock_timeout" }[status];
  const answer = errorAnswer(
    new StripeError({
      status,
      type: status >= 500 ? "api_error" : "invalid_request_error",
      message: "Refused on purpose by the local stand-in.",
      ...(code === undefined ? {} : { code }),
    }),
    call,
  );
  return fault.store ? deps.store.write((tx) => storeAnswer(tx, call, answer)) : answer;
}

async function misbehave(
  reply: FastifyReply,
  fault: ApiFault | undefined,
  answer: () => FastifyReply,
): Promise<FastifyReply> {
  if (fault?.kind === "lose") {
    reply.hijack();
    reply.raw.destroy();
    return reply;
  }
  if (fault?.kind === "delay") await new Promise((resolve) => setTimeout(resolve, fault.delayMs ?? 0));
  if (fault?.kind === "empty") return reply.code(200).type("application/json").send("");
  return answer();
}

function send(reply: FastifyReply, call: Call, answer: Answer): FastifyReply {
  if (call.key !== null) reply.header("idempotency-key", call.key);
  return reply
    .code(answer.status)
    .headers({ "request-id": call.requestId, "stripe-version": apiVersion, ...answer.headers })
    .type("application/json")
    .send(answer.body);
}

/** Everything that is neither API, page nor control, in Stripe's shape. */
export function notFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split("?")[0] ?? "";
  return reply.code(404).send(unknownRoute(request.method, path).body(newId("req_", 14)));
}

/** Turns an endpoint of the contract into a route: who calls, what comes in, what may go out. */
import { Readable } from "node:stream";
import { AppError } from "../errors.ts";
import type { Endpoint } from "@molt/contract";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { z } from "zod";
import { type Authenticator, bearerToken } from "./authenticate.ts";

export interface Caller {
  requestId: string;
  /** The socket's address, or what a trusted proxy says. */
  ip: string;
  signal: AbortSignal;
  request: FastifyRequest;
  reply: FastifyReply;
}
export interface UserCaller extends Caller {
  userId: string;
  email: string;
}
export interface BotCaller extends Caller {
  botId: string;
}

type CallerOf<C> = C extends "user" ? UserCaller : C extends "bot" ? BotCaller : Caller;

/** What `serve` needs of the world besides the feature's own dependencies. */
export interface Server {
  app: FastifyInstance;
  authenticator: Authenticator;
}

/**
 * Registers the endpoint. The handler gets parsed input and answers output that is parsed again, so
 * that a column more in a row never becomes a field more in an answer.
 * @example
 * serve(server, getMe, (_input, caller) => readMe(deps, caller.userId));
 */
export function serve<I extends z.ZodType, O extends z.ZodType, C extends Endpoint["caller"]>(
  { app, authenticator }: Server,
  endpoint: Endpoint<I, O, C>,
  handler: (input: z.output<I>, caller: CallerOf<C>) => Promise<NoInfer<z.input<O>>>,
): void {
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    async handler(request, reply) {
      const caller = await identify(endpoint, { request, reply, authenticator });
      // The conditional type cannot be narrowed by a value; `identify` chose by the same field.
      const answer = await handler(parseInput(endpoint, request), caller as CallerOf<C>);
      return endpoint.output.parse(answer);
    },
  });
}

/** A file as it leaves: its text comes in pieces, each made when the reader has taken the one before. */
export interface TextFile {
  fileName: string;
  pieces: AsyncIterable<string>;
}

/** A file that is still being read after this long is cut off: its reader is gone or stuck. */
const LONGEST_FILE_MS = 10 * 60_000;

/**
 * Registers an endpoint whose answer is a file and not JSON. One file at a time a user: each one
 * holds memory until its reader is done. What fails before the first piece is an error like any
 * other; after it the connection is cut, so that half a file never looks like a whole one.
 */
export function serveFile<I extends z.ZodType>(
  { app, authenticator }: Server,
  endpoint: Endpoint<I, z.ZodString, "user">,
  handler: (input: z.output<I>, caller: UserCaller) => Promise<TextFile>,
): void {
  const reading = new Set<string>();
  app.route({
    method: endpoint.method,
    url: endpoint.path,
    async handler(request, reply) {
      const caller = (await identify(endpoint, { request, reply, authenticator })) as UserCaller; // its endpoint says so
      const input = parseInput(endpoint, request);
      if (reading.has(caller.userId))
        throw new AppError("rate_limited", "This file is being downloaded already. Please let that finish.");
      reading.add(caller.userId);
      reply.raw.once("close", () => reading.delete(caller.userId));
      const { fileName, pieces } = await handler(input, caller);
      return reply
        .type(`${endpoint.contentType}; charset=utf-8`)
        .header("content-disposition", `attachment; filename="${fileName}"`)
        .send(Readable.from(pieces, { signal: AbortSignal.timeout(LONGEST_FILE_MS) }));
    },
  });
}

function parseInput<I extends z.ZodType>(endpoint: Endpoint<I>, request: FastifyRequest): z.output<I> {
  const isQuery = endpoint.method === "GET" || endpoint.method === "DELETE";
  const input = endpoint.input.safeParse(isQuery ? request.query : (request.body ?? {}));
  if (!input.success) throw invalidInput(input.error);
  return input.data;
}

async function identify(
  endpoint: Endpoint,
  { request, reply, authenticator }: Pick<Caller, "request" | "reply"> & Pick<Server, "authenticator">,
): Promise<Caller | UserCaller | BotCaller> {
  const caller: Caller = { requestId: request.id, ip: request.ip, signal: goneSignal(reply), request, reply };
  if (endpoint.caller === "user") {
    reply.header("cache-control", "no-store");
    const token = bearerToken(request.headers.authorization);
    const { whileEnding = false } = endpoint;
    return { ...caller, ...(await authenticator.user(token, { whileEnding })) };
  }
  if (endpoint.caller === "bot") {
    return { ...caller, ...(await authenticator.bot(bearerToken(request.headers.authorization))) };
  }
  return caller;
}

/** Aborted when the caller has left before the answer. Fastify's own signal ends with the request's body. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once("close", () => {
    if (!reply.raw.writableFinished) gone.abort();
  });
  return gone.signal;
}

function invalidInput(error: z.ZodError): AppError {
  const fields = error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.join(".") || "request"}: ${issue.message}`);
  return new AppError("invalid_input", fields.join("; "));
}

/** Turns an endpoint of the contract into a route: who calls, what comes in, what may go out. */
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
      const raw =
        endpoint.method === "GET" || endpoint.method === "DELETE" ? request.query : (request.body ?? {});
      const input = endpoint.input.safeParse(raw);
      if (!input.success) throw invalidInput(input.error);
      // The conditional type cannot be narrowed by a value; `identify` chose by the same field.
      const answer = await handler(input.data, caller as CallerOf<C>);
      return endpoint.output.parse(answer);
    },
  });
}

async function identify(
  endpoint: Endpoint,
  { request, reply, authenticator }: Pick<Caller, "request" | "reply"> & Pick<Server, "authenticator">,
): Promise<Caller | UserCaller | BotCaller> {
  const caller: Caller = { requestId: request.id, ip: request.ip, signal: goneSignal(reply), request, reply };
  if (endpoint.caller === "user") {
    reply.header("cache-control", "no-store");
    return { ...caller, ...(await authenticator.user(bearerToken(request.headers.authorization))) };
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

/**
 * `/auth/v1/*` goes to Supabase Auth (or the stand-in) unchanged, so that clients know one address.
 * When the auth service is down the answer is 503, never 401 or 404: auth-js keeps the session on a
 * 5xx and signs the user out on anything else (supabase.md, section 1).
 */
import proxy from "@fastify/http-proxy";
import type { FastifyInstance, FastifyReply } from "fastify";
import type { Deps } from "../deps.ts";

const TIMEOUT_MS = 10_000;

/** What we set or the cors plugin sets; the upstream's copies would be doubled. */
const OURS =
  /^(access-control-|x-request-id|strict-transport-security|content-security-policy|connection$|keep-alive$)/i;

export async function passAuthThrough(app: FastifyInstance, { config, log }: Deps): Promise<void> {
  await app.register(proxy, {
    upstream: new URL(config.auth.url).origin,
    prefix: "/auth/v1",
    rewritePrefix: new URL(config.auth.url).pathname,
    http: { requestOptions: { timeout: TIMEOUT_MS } },
    disableRequestLogging: true,
    replyOptions: {
      // Without the address every user of the api shares one rate bucket at Supabase; a client's own is
      // dropped. The publishable key is the project's, not the client's: no client needs to be told it.
      rewriteRequestHeaders: (request, headers) => ({
        ...headers,
        apikey: config.auth.publishableKey,
        "sb-forwarded-for": request.ip,
      }),
      rewriteHeaders: (headers) =>
        Object.fromEntries(Object.entries(headers).filter(([name]) => !OURS.test(name))),
      onError(reply, { error }) {
        log.warn({ err: error }, "the auth service did not answer");
        // reply-from types its reply for any server; ours is Fastify's own.
        void unavailable(reply as unknown as FastifyReply);
      },
    },
  });
}

/** In the shape auth-js reads, with the header that makes it read the code. */
function unavailable(reply: FastifyReply): FastifyReply {
  return reply.status(503).header("x-supabase-api-version", "2024-01-01").send({
    code: "unexpected_failure",
    message: "Sign-in is unavailable right now. Your bot keeps running; please try again in a moment.",
  });
}

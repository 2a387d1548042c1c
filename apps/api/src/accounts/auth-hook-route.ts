/** POST /auth/hooks/send-email, called by the auth service and answered in its own words. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { receiveAuthMail } from "./receive-auth-mail.ts";

/** Supabase's own limit for what it sends a hook. */
const MAX_BYTES = 200 * 1024;
/** All sign-ups of all users come from a few addresses; a flood from one ends before any signature is computed. */
const MAILS_PER_MINUTE = 12_000;

/** Without MOLT_AUTH_HOOK_SECRET there is no such address, and the auth service sends by itself. */
export function authHookRoute(app: FastifyInstance, deps: Deps): void {
  if (deps.config.auth.hookSecrets.length === 0) return;
  // In a scope of its own, because its body must stay the bytes that were signed.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: MAX_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error: FastifyError, request, reply) =>
      answerError(deps, error, { request, reply }),
    );
    scope.post(
      "/auth/hooks/send-email",
      { bodyLimit: MAX_BYTES, config: { rateLimit: { max: MAILS_PER_MINUTE, timeWindow: 60_000 } } },
      async (request) => {
        await receiveAuthMail(deps, {
          body: Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0),
          id: header(request, "webhook-id"),
          timestamp: header(request, "webhook-timestamp"),
          signature: header(request, "webhook-signature"),
        });
        return {};
      },
    );
  });
}

function header(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

/** The hook's shape of an error. With `retry-after` Supabase tries twice more before its caller hears of it. */
function answerError(
  { log }: Deps,
  error: FastifyError | AppError,
  { request, reply }: { request: FastifyRequest; reply: FastifyReply },
): FastifyReply {
  const said = error instanceof AppError ? error.status : (error.statusCode ?? 500);
  const status = said < 500 ? said : 503;
  log[status === 503 ? "error" : "warn"](
    { requestId: request.id, status, err: error },
    "a mail of the sign-in service was not taken",
  );
  if (status === 503) void reply.header("retry-after", "true");
  const message = error instanceof AppError ? error.message : "The mail could not be taken.";
  return reply.status(status).send({ error: { http_code: status, message } });
}

import { unsubscribeMail } from "@molt/contract";
import type { FastifyRequest } from "fastify";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { serve, type Server } from "../http/serve.ts";
import { unsubscribe } from "./choose-mails.ts";

export function mailRoutes(server: Server, deps: Deps): void {
  serve(server, unsubscribeMail, async ({ token }) => {
    await unsubscribe(deps, token);
    return { ok: true } as const;
  });
  oneClickRoutes(server, deps);
}

const ONE_CLICK = "/mail/unsubscribe/one-click";
const MAX_BYTES = 4_096;
/** The large mail services ask for all their users from a few addresses. */
const PER_MINUTE = 12_000;

/**
 * RFC 8058: the mail program's own button. The token stands in the query, which no log of ours holds
 * (http/build-server.ts), and the body is a form, so the scope has a parser of its own.
 */
function oneClickRoutes({ app }: Server, deps: Deps): void {
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: MAX_BYTES }, (_request, body, done) =>
      done(null, body),
    );
    const options = { bodyLimit: MAX_BYTES, config: { rateLimit: { max: PER_MINUTE, timeWindow: 60_000 } } };
    scope.post(ONE_CLICK, options, async (request) => {
      const token = tokenOf(request);
      if (!(await isOneClick(request)))
        throw new AppError("invalid_input", "The body must be the form List-Unsubscribe=One-Click.");
      await unsubscribe(deps, token);
      return { ok: true };
    });
    // Programs without that button open the address: a person reads what is asked, and presses a button there.
    scope.get(ONE_CLICK, async (request, reply) =>
      reply.redirect(`${deps.config.urls.landing}/mail/unsubscribe#${tokenOf(request)}`, 303),
    );
  });
}

const query = z.object({ token: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

function tokenOf(request: FastifyRequest): string {
  const parsed = query.safeParse(request.query);
  if (!parsed.success) throw new AppError("invalid_input", "token: this is not a token of a mail");
  return parsed.data.token;
}

/** As `application/x-www-form-urlencoded` or as `multipart/form-data`; senders choose. */
async function isOneClick({ body, headers }: FastifyRequest): Promise<boolean> {
  const form = new Response(Buffer.isBuffer(body) ? new Uint8Array(body) : null, {
    headers: { "content-type": headers["content-type"] ?? "" },
  });
  try {
    return (await form.formData()).get("List-Unsubscribe") === "One-Click";
  } catch {
    return false; // another type, or not what its type says
  }
}

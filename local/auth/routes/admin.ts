/** DELETE /admin/users/{id}: the one call of the administration that the product makes. */
import { timingSafeEqual } from "node:crypto";

import type { FastifyInstance, FastifyRequest } from "fastify";

import { record } from "../audit.ts";
import { callerOf } from "../bearer.ts";
import type { Context } from "../context.ts";
import { inTransaction } from "../database.ts";
import { AuthError, invalid } from "../errors.ts";
import { bodyOf } from "../input.ts";
import { findUserById } from "../users.ts";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function adminRoutes(app: FastifyInstance, context: Context): void {
  app.delete<{ Params: { id: string } }>("/admin/users/:id", async (request) => {
    checkAdmin(context, request);
    const { id } = request.params;
    if (!uuid.test(id)) throw new AuthError(404, "validation_failed", "user_id must be an UUID");
    if (bodyOf(request)["should_soft_delete"] === true)
      throw invalid("This service deletes for good: should_soft_delete must be false");
    await inTransaction(context.pool, async (query) => {
      const user = await findUserById(query, id, true);
      if (!user) throw new AuthError(404, "user_not_found", "User not found");
      // Codes, sessions and flows go with the row; what is kept by address goes here.
      const addresses = [user.email, user.email_change].filter((address) => address !== null);
      await query.query("delete from auth.mail_intents where address = any($1)", [addresses]);
      await query.query("delete from auth.mail_limits where address = any($1)", [addresses]);
      await query.query("delete from auth.users where id = $1", [id]);
      const now = context.clock.now();
      await record(query, { now, action: "user_deleted", userId: id, ip: callerOf(request).ip });
    });
    return {};
  });
}

/** Supabase's gateway takes a secret key as bearer only where it is the `apikey` as well. */
function checkAdmin({ config }: Context, request: FastifyRequest): void {
  const token = /^bearer (\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  if (!token) throw new AuthError(401, "no_authorization", "This endpoint requires a valid Bearer token");
  const { secretKey } = config;
  if (secretKey === undefined || !isSame(token, secretKey) || request.headers["apikey"] !== token)
    throw new AuthError(403, "not_admin", "User not allowed");
}

function isSame(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}

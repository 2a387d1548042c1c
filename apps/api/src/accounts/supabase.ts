/**
 * Supabase Auth where it is more than a token to verify: the hook by which it lets us send its mails,
 * and the administration of accounts. The only file that knows both; local/auth speaks the same.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { Config } from "../config.ts";
import { AppError } from "../errors.ts";

/** How far the clocks may be apart, and how old a repeated delivery may be (Standard Webhooks). */
const TOLERANCE_MS = 5 * 60_000;
const ADMIN_TIMEOUT_MS = 10_000;

export interface SignedDelivery {
  /** The bytes as they came: they are what was signed. */
  body: Buffer;
  id: string | undefined;
  /** Unix seconds. */
  timestamp: string | undefined;
  /** One or several `v1,<base64>`; Supabase separates them by ", ", the standard by a space. */
  signature: string | undefined;
}

/**
 * Whether one of our secrets has signed this, now. Standard Webhooks: HMAC-SHA256 over
 * `<id>.<timestamp>.<body>`, in a few lines instead of a package for it.
 * @param secrets `v1,whsec_<base64>`, as Supabase shows them; two while one is being exchanged.
 */
export function isSigned(secrets: readonly string[], delivery: SignedDelivery, now: Date): boolean {
  const { body, id, timestamp, signature } = delivery;
  if (!id || !signature || !/^\d{1,12}$/.test(timestamp ?? "")) return false;
  if (Math.abs(now.getTime() - Number(timestamp) * 1000) > TOLERANCE_MS) return false;
  const given = [...signature.matchAll(/\bv1,([A-Za-z0-9+/]{43}=)/g)]
    .slice(0, 8)
    .map(([, text = ""]) => Buffer.from(text, "base64"));
  return secrets.some((secret) => {
    const key = Buffer.from(secret.replace(/^v1,whsec_/, ""), "base64");
    const wanted = createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest();
    return given.some((one) => one.length === wanted.length && timingSafeEqual(one, wanted));
  });
}

const text = z.string().max(4_000).nullish();

/** What of a "send email" delivery is used. Fields that do not apply are empty or absent. */
export const authMailDelivery = z.object({
  user: z.object({
    id: z.uuid(),
    email: text,
    new_email: text,
    user_metadata: z.record(z.string(), z.unknown()).nullish(),
  }),
  email_data: z.object({
    email_action_type: z.string().max(100),
    token: text,
    token_hash: text,
    token_new: text,
    token_hash_new: text,
  }),
});
export type AuthMailDelivery = z.infer<typeof authMailDelivery>;

/**
 * Deletes a user for good: sessions, codes, and everything of ours that hangs on the row. Somebody who
 * is already gone is fine.
 * @throws {AppError} unavailable when the service does not answer, upstream_failed when it refuses.
 */
export async function deleteAuthUser(
  { auth }: Pick<Config, "auth">,
  userId: string,
  signal: AbortSignal,
): Promise<void> {
  const response = await fetch(`${auth.url}/admin/users/${userId}`, {
    method: "DELETE",
    headers: {
      apikey: auth.secretKey,
      authorization: `Bearer ${auth.secretKey}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ should_soft_delete: false }),
    // fetch would take the apikey along to wherever it is sent.
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(ADMIN_TIMEOUT_MS)]),
  }).catch((cause: unknown) => {
    throw new AppError("unavailable", "The sign-in service does not answer right now.", { cause });
  });
  const said = (await response.text().catch(() => "")).slice(0, 300);
  if (response.ok || (response.status === 404 && /user_not_found|User not found/.test(said))) return;
  const code = response.status >= 500 || response.status === 429 ? "unavailable" : "upstream_failed";
  throw new AppError(code, "The sign-in service could not delete the account.", {
    detail: { status: response.status, said },
  });
}

/** The sign-in service's way to have a mail sent: deliveries as it signs them, and the rows they become. */
import { createHmac, randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../../deps.ts";
import { buildServer } from "../../http/build-server.ts";
import { writeMail } from "../../mail/write-mail.ts";
import { type ManualClock, testDeps } from "../../testing/deps.ts";
import { authHookRoute } from "../auth-hook-route.ts";

export const secret = `v1,whsec_${Buffer.alloc(32, 5).toString("base64")}`;
const userId = "8484b834-f29e-4af2-bf42-80644d154f76";
export const hash = "7d5b7b1964cf5d388340a7f04f1dbb5eeb6c7b52ef8270e1737a58d0";

/** As Supabase documents it; fields that do not apply are empty. */
export function delivery(data: Record<string, string> = {}, user: Record<string, unknown> = {}) {
  return {
    user: { id: userId, aud: "authenticated", email: "ann@example.com", user_metadata: {}, ...user },
    email_data: {
      token: "305805",
      token_hash: hash,
      redirect_to: "http://127.0.0.1:2/chat",
      email_action_type: "signup",
      site_url: "http://127.0.0.1:9999",
      token_new: "",
      token_hash_new: "",
      ...data,
    },
  };
}

export function signed(body: string, { id = randomUUID(), at = Date.now() / 1000, key = secret } = {}) {
  const timestamp = String(Math.floor(at));
  const signature = createHmac("sha256", Buffer.from(key.slice("v1,whsec_".length), "base64"))
    .update(`${id}.${timestamp}.${body}`)
    .digest("base64");
  return { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": `v1,${signature}` };
}

export async function door(
  t: TestContext,
  options: { clock?: ManualClock; env?: Record<string, string> } = {},
) {
  const { clock } = options;
  const deps = await testDeps(t, {
    env: { MOLT_AUTH_HOOK_SECRET: secret, ...options.env },
    ...(clock ? { clock } : {}),
  });
  const app = await buildServer(deps);
  t.after(() => app.close());
  authHookRoute(app, deps);
  const post = (body: string, headers: Record<string, string>) =>
    app.inject({
      method: "POST",
      url: "/auth/hooks/send-email",
      headers: { "content-type": "application/json", ...headers },
      payload: body,
    });
  const deliver = (content: object, how: Parameters<typeof signed>[1] = {}) => {
    const body = JSON.stringify(content);
    return post(body, signed(body, clock ? { at: clock.now().getTime() / 1000, ...how } : how));
  };
  return { deps, app, post, deliver };
}

interface Row {
  recipient: string;
  template: string;
  language: string;
  data: unknown;
  state: string;
  urgent: boolean;
}
export const rowsOf = async ({ db }: Pick<Deps, "db">): Promise<Row[]> =>
  (
    await sql<Row>`select recipient, template, language, data, state, urgent from app.mails order by recipient`.execute(
      db,
    )
  ).rows;
export const written = async (deps: Deps) => (await rowsOf(deps)).map((row) => writeMail(deps.config, row));

/** The waitlist as its tests use it: joined, confirmed, served, and read from its tables. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../../deps.ts";
import { createAuthenticator } from "../../http/authenticate.ts";
import { buildServer } from "../../http/build-server.ts";
import { linkToken } from "../../mail/link-token.ts";
import { confirmWaitlist } from "../confirm-waitlist.ts";
import { joinWaitlist } from "../join-waitlist.ts";
import { waitlistRoutes } from "../routes.ts";

interface Row {
  id: string;
  email: string;
  confirmed_at: Date | null;
  referral_code: string;
}

export async function entries({ db }: Deps): Promise<Row[]> {
  return (
    await sql<Row>`select id, email, confirmed_at, referral_code from app.waitlist order by email`.execute(db)
  ).rows;
}
export async function mails({ db }: Deps): Promise<{ key: string; template: string; recipient: string }[]> {
  return (
    await sql<{
      key: string;
      template: string;
      recipient: string;
    }>`select key, template, recipient from app.mails order by key`.execute(db)
  ).rows;
}
export const join = (deps: Deps, email: string, more: Record<string, string> = {}) =>
  joinWaitlist(deps, { email, language: "en", ...more });
export const tokenOf = (deps: Deps, id: string) => linkToken(deps.config.masterKey, `waitlist:${id}`);

/** Joins, and clicks the link in the mail. */
export async function joinAndConfirm(
  deps: Deps,
  email: string,
  more: Record<string, string> = {},
): Promise<Row> {
  await join(deps, email, more);
  const row = (await entries(deps)).find((entry) => entry.email === email);
  assert.ok(row);
  await confirmWaitlist(deps, tokenOf(deps, row.id));
  return row;
}

export async function serveWaitlist(t: TestContext, deps: Deps) {
  const app = await buildServer(deps);
  t.after(() => app.close());
  const authenticator = createAuthenticator({
    ...deps,
    findBot: async () => undefined,
    accountState: async () => "open",
  });
  waitlistRoutes({ app, authenticator }, deps);
  return app;
}

/** An account ends at every address that somebody had. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { sharedMachines } from "../fleet/testing/test-fleet.ts";
import { digestTo, sendBy } from "../mail/testing/post.ts";
import { ensureUser } from "./ensure-user.ts";
import { accountWorld, whereIs } from "./testing/world.ts";

sharedMachines();

test("F111 I11 of an account whose address was changed nothing is left at the old one either", async (t) => {
  const world = await accountWorld(t);
  const { deps, fleet } = world;
  fleet.worker();
  const ann = await world.signUp("ann@example.com");
  const { userId, email: old } = ann;
  await ensureUser(deps, { userId, email: old });
  await digestTo(deps, old, "digest/1");
  await sendBy(deps, async () => undefined);
  const email = "ann@example.org";
  await sql`update auth.users set email = ${email} where id = ${userId}`.execute(deps.db);
  await ensureUser(deps, { userId, email });
  assert.deepEqual(
    new Set((await whereIs(deps, old)).map((row) => row.split(":")[0])),
    new Set(["app.mail_choices", "app.mails"]),
  );
  await sql`delete from auth.users where id = ${userId}`.execute(deps.db);
  await world.untilEnded(ann);
  assert.deepEqual(await whereIs(deps, old), []);
  const farewell = deps.db.selectFrom("app.mails").select("template").where("recipient", "=", email);
  assert.deepEqual(await farewell.execute(), [{ template: "account-deleted" }]);
});

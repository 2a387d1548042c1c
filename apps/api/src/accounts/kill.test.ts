/** kill -9 of the worker at each step of an account's end: the next one finishes it, and nothing happens twice. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { sharedMachines } from "../fleet/testing/test-fleet.ts";
import { startWorker } from "./testing/worker-process.ts";
import { accountWorld, whereIs } from "./testing/world.ts";

sharedMachines();

const leaseIsOver = ({ db }: Pick<Deps, "db">) =>
  sql`update app.account_deletions set next_attempt_at = now()`.execute(db);

async function untilFinished({ db }: Pick<Deps, "db">): Promise<void> {
  for (let looks = 0; looks < 400; looks += 1) {
    const { rows } = await sql`
      select pg_sleep(0.05) from app.account_deletions where finished_at is null`.execute(db);
    if (rows.length === 0) return;
  }
  throw new Error("the account does not end");
}

test("F111 the worker is killed at each step, and the account ends all the same, once", async (t) => {
  const world = await accountWorld(t);
  const { deps, fleet, stripe } = world;
  const birth = fleet.worker();
  const ann = await world.pay("ann@example.com");
  await birth.stop();
  await world.remove(ann);
  // Passages are counted anew in each process: the plan has ended, then before and after the sign-in
  // service was asked, then before the last mail.
  for (const point of [
    "after-revoke-before-delete:kill@1",
    ...[1, 2, 2, 1].map((nth) => `mid-delete:kill@${nth}`),
  ]) {
    const { ended } = await startWorker(t, deps, point);
    const [, signal] = (await ended) as [number | null, NodeJS.Signals | null];
    assert.equal(signal, "SIGKILL", point);
    await leaseIsOver(deps);
  }
  const { worker, ended } = await startWorker(t, deps, "");
  await untilFinished(deps);
  worker.kill("SIGTERM");
  await ended;
  const { data: plans } = await stripe.api.subscriptions.list({ customer: ann.customer, status: "all" });
  assert.deepEqual(
    plans.map(({ status }) => status),
    ["canceled"],
  );
  assert.deepEqual(
    (await whereIs(deps, ann.email)).map((row) => row.split(":")[0]),
    ["app.mails"],
  );
});

/** What the status page is told. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { type TestContext, test } from "node:test";
import { getStatus } from "@molt/contract";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { beat } from "../jobs/beats.ts";
import { Ledger } from "../models/ledger.ts";
import { testDeps } from "../testing/deps.ts";
import { createAuthenticator } from "./authenticate.ts";
import { buildServer } from "./build-server.ts";
import { healthRoutes } from "./health-routes.ts";

async function statusOf(t: TestContext, deps: Deps) {
  const app = await buildServer(deps);
  t.after(() => app.close());
  const nobody = { findBot: async () => undefined, accountState: async () => "open" as const };
  healthRoutes({ app, authenticator: createAuthenticator({ ...deps, ...nobody }) }, deps);
  return async () => {
    const { statusCode, body } = await app.inject("/status");
    assert.equal(statusCode, 200);
    const { database, worker, models } = getStatus.output.parse(JSON.parse(body));
    return [database, worker, models];
  };
}

test("a part is in trouble until it was heard of, and again when it falls silent", async (t) => {
  const deps = await testDeps(t);
  const status = await statusOf(t, deps);
  assert.deepEqual(await status(), ["ok", "trouble", "trouble"]);
  await beat(deps.db, randomUUID());
  assert.deepEqual(await status(), ["ok", "ok", "trouble"]);
  const proxy = await Ledger.open(deps);
  t.after(() => proxy.close());
  assert.deepEqual(await status(), ["ok", "ok", "ok"]);
  await sql`update app.worker_beats set seen_at = now() - interval '1 minute'`.execute(deps.db);
  assert.deepEqual(await status(), ["ok", "trouble", "ok"]);
});

test("with two workers one may fall silent, and those of long ago are forgotten", async (t) => {
  const deps = await testDeps(t);
  const status = await statusOf(t, deps);
  await beat(deps.db, randomUUID());
  await sql`update app.worker_beats set seen_at = now() - interval '2 days'`.execute(deps.db);
  const alive = randomUUID();
  await beat(deps.db, alive);
  await beat(deps.db, alive);
  assert.deepEqual((await status())[1], "ok");
  const { rows } = await sql<{ id: string }>`select id from app.worker_beats`.execute(deps.db);
  assert.deepEqual(rows, [{ id: alive }]);
});

test("a database that does not answer is said, and of the others nothing is known", async (t) => {
  const deps = await testDeps(t);
  const status = await statusOf(t, deps);
  await sql`alter table app.worker_beats rename to worker_beats_away`.execute(deps.db);
  assert.deepEqual(await status(), ["trouble", "unknown", "unknown"]);
});

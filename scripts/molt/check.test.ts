/** `molt check` as an operator runs it: a process, its output and its exit code. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { beat } from "../../apps/api/src/jobs/beats.ts";
import { freshDatabase } from "../../apps/api/src/testing/database.ts";
import { findFly } from "../lib/operator-services.ts";
import { run } from "../lib/run.ts";
import { root } from "../lib/web-build.ts";

const molt = (args: string[], url: string) =>
  run([process.execPath, "--no-warnings", join(root, "scripts/molt.ts"), "check", ...args], {
    env: { STRIPE_SECRET_KEY: "", FLY_API_TOKEN: "", DATABASE_URL: url },
  });

test("an operator proves a system: a line a claim, one line of JSON, and exit code 0", async (t) => {
  const { db, url } = await freshDatabase(t);
  await beat(db, randomUUID());
  const said = await molt([], url);
  assert.ok(said.ok, said.output);
  assert.match(said.output, /^I1 {2}ok {4}payers {11}whoever pays has a bot/m);
  assert.match(said.output, /Stripe was not asked.*\nFly was not asked.*\nAll is as it must be\.$/m);
  const json = await molt(["--json"], url);
  const { ok, checks } = JSON.parse(json.output.trim()) as { ok: boolean; checks: { id: string }[] };
  assert.deepEqual([ok, checks.map(({ id }) => id).join(" ")], [true, "I1 I2 I3 I4 I5 I6 I7 I8 I9"]);
});

test("what does not hold ends with exit code 1, the invariant, and what speaks against it", async (t) => {
  const { url } = await freshDatabase(t);
  const said = await molt([], url);
  assert.equal(said.ok, false);
  assert.match(said.output, /^I9 {2}FAIL {2}workers .*: 1 differ\n.*"lastSeen":null/m);
  assert.match(said.output, /Something is NOT as it must be\.$/m);
  const json = JSON.parse((await molt(["--json"], url)).output) as { ok: boolean; checks: object[] };
  assert.equal(json.ok, false);
  assert.deepEqual(json.checks.at(-1), {
    id: "I9",
    ok: false,
    count: 1,
    sample: [{ check: "workers", found: { lastSeen: null } }],
    notes: [],
  });
});

test("a word too much is refused with a sentence", async () => {
  const said = await molt(["now"], "postgres://nobody@127.0.0.1:1/none");
  assert.equal(said.ok, false);
  assert.match(said.output, /"now" is too much/);
});

test("the Fly of the environment, of the copy on this machine, or none", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "molt-operator-"));
  t.after(() => rm(dataDir, { recursive: true }));
  await writeFile(join(dataDir, "secrets.json"), JSON.stringify({ flyToken: "fly-local" }));
  const local = await findFly({ MOLT_DATA_DIR: dataDir }, "postgres://postgres:x@127.0.0.1:6409/molt");
  assert.deepEqual(local, {
    url: "http://127.0.0.1:6406",
    token: "fly-local",
    org: "local",
    environment: "local",
  });
  assert.equal(await findFly({ DATABASE_URL: "postgres://x" }, "postgres://x"), undefined);
  const env = { FLY_API_TOKEN: "t", FLY_ORG: "o", MOLT_ENV: "prod", DATABASE_URL: "postgres://x" };
  const real = { url: "https://api.machines.dev", token: "t", org: "o", environment: "prod" };
  assert.deepEqual(await findFly(env, "postgres://x"), real);
});

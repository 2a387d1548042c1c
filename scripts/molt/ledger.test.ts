/** `molt ledger …` as an operator runs it: a process, its output and its exit code. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { batches, makePayer, report, send, spend } from "../../apps/api/src/billing/testing/usage.ts";
import { openWorld, type World } from "../../apps/api/src/billing/testing/world.ts";
import { freshDatabase } from "../../apps/api/src/testing/database.ts";
import { findStripe } from "../lib/operator-services.ts";
import { run } from "../lib/run.ts";
import { root } from "../lib/web-build.ts";

function molt(args: string[], env: Record<string, string>) {
  const nowhere = { STRIPE_SECRET_KEY: "", STRIPE_API_BASE: "" };
  return run([process.execPath, "--no-warnings", join(root, "scripts/molt.ts"), "ledger", ...args], {
    env: { ...nowhere, ...env },
  });
}

async function openBooks(t: TestContext) {
  const world = await openWorld(t);
  const ada = await makePayer(world);
  await spend(world, ada.botId, [5_000_000n]);
  await report(world);
  const { database, stripe } = world.deps.config;
  const env = {
    DATABASE_URL: database.url,
    STRIPE_API_BASE: stripe.url,
    STRIPE_SECRET_KEY: stripe.secretKey,
  };
  return { world, env };
}

async function exportFile(t: TestContext, world: World, tokens: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "molt-export-"));
  t.after(() => rm(folder, { recursive: true }));
  const rows = await world.deps.db
    .selectFrom("app.usage_logs")
    .select("provider_request_id")
    .where("provider_request_id", "is not", null)
    .execute();
  const lines = rows.map((row) => `${row.provider_request_id ?? ""},molt-demo-1,${tokens},0`);
  const file = join(folder, "usage.csv");
  await writeFile(file, ["request_id,model,input_tokens,output_tokens", ...lines].join("\n"));
  return file;
}

test("an operator proves the books: words, one line of JSON, and exit code 0", async (t) => {
  const { world, env } = await openBooks(t);
  const said = await molt(["check"], env);
  assert.ok(said.ok, said.output);
  assert.match(said.output, /^ok {4}days {13}the sums of each day/m);
  assert.match(said.output, /^ok {4}stripe/m);
  assert.match(said.output, /The books are right\.$/m);
  const file = await exportFile(t, world, 1);
  const json = await molt(["check", "--json", "--provider-export", file], env);
  const lines = json.output.trim().split("\n");
  assert.equal(lines.length, 1, json.output);
  const { ok, checks } = JSON.parse(lines[0] ?? "") as {
    ok: boolean;
    checks: { id: string; count: number }[];
  };
  assert.deepEqual([ok, checks.length, checks.every((one) => one.count === 0)], [true, 12, true]);
});

test("books that are wrong end with exit code 1 and the figures", async (t) => {
  const { world, env } = await openBooks(t);
  await world.deps.db.updateTable("app.usage_days").set({ cost_picos: 5_000_007n }).execute();
  const file = await exportFile(t, world, 2);
  const said = await molt(["check", "--provider-export", file], env);
  assert.equal(said.ok, false);
  assert.match(said.output, /^FAIL {2}days .*: 1 differ\n.*"picosOfDay":"5000007"/m);
  assert.match(said.output, /^FAIL {2}provider-export .*missing 0, extra 0, different 1/m);
  assert.match(said.output, /The books are NOT right\.$/m);
});

test("without Stripe's key the rest is proved, and the operator is told", async (t) => {
  const { env } = await openBooks(t);
  const said = await molt(["check"], { DATABASE_URL: env.DATABASE_URL });
  assert.ok(said.ok, said.output);
  assert.match(said.output, /Stripe was not asked: set STRIPE_SECRET_KEY/);
});

test("an operator sends again what Stripe has dropped", async (t) => {
  const { world, env } = await openBooks(t);
  const [batch] = await batches(world);
  await world.control("drop_meter_events", { code: "archived_meter", identifiers: [batch?.identifier] });
  await world.deps.db.updateTable("app.meter_batches").set({ state: "rejected" }).execute();
  const said = await molt(["resend", "--json"], env);
  assert.deepEqual(JSON.parse(said.output), { renewed: [`${batch?.identifier}/2`], counted: [] });
  await send(world);
  assert.equal((await batches(world))[0]?.state, "sent");
});

for (const { name, args, says } of [
  {
    name: "a file that is not there",
    args: ["check", "--provider-export", "/nowhere.csv"],
    says: /cannot be read/,
  },
  { name: "a word too much", args: ["check", "now"], says: /"now" is too much/ },
  { name: "a resend without Stripe", args: ["resend"], says: /Set STRIPE_SECRET_KEY/ },
]) {
  test(`${name} ends with one clear sentence and exit code 1`, async (t) => {
    const { url } = await freshDatabase(t);
    const said = await molt(args, { DATABASE_URL: url });
    assert.equal(said.ok, false);
    assert.match(said.output, says);
    assert.doesNotMatch(said.output, /\n\s+at /);
  });
}

test("the Stripe of the copy that runs on this machine is found by its folder and its database's port", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "molt-operator-"));
  t.after(() => rm(dataDir, { recursive: true }));
  await writeFile(join(dataDir, "secrets.json"), JSON.stringify({ stripeSecretKey: "sk_test_local" }));
  const found = await findStripe({ MOLT_DATA_DIR: dataDir }, "postgres://postgres:x@127.0.0.1:6409/molt");
  assert.deepEqual(found?.stripe, { url: "http://127.0.0.1:6404", secretKey: "sk_test_local" });
  assert.equal(await findStripe({ DATABASE_URL: "postgres://x" }, "postgres://x"), undefined);
  const real = await findStripe(
    { STRIPE_SECRET_KEY: "sk_live_x", DATABASE_URL: "postgres://x" },
    "postgres://x",
  );
  assert.equal(real?.stripe.url, "https://api.stripe.com");
});

/**
 * F2: how long an answer takes must not tell whether the address has an account. Known and unknown
 * addresses take turns in random order, and the two sets of times are compared by their ranks
 * (Mann-Whitney), which a busy machine does not disturb.
 */
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { password, startWorld } from "./testing/world.ts";
import type { World } from "./testing/world.ts";

const samples = 60;
/** By chance once in 16,000 runs. */
const limit = 4;

const cleanups: (() => Promise<unknown>)[] = [];
let world: World;
before(async () => {
  // The hash is the slow part, as in use; without SMTP_URL no mail is made beside the answers.
  const env = { AUTOCONFIRM: "false", SCRYPT_LOG2: "8", SMTP_URL: "" };
  world = await startWorld({ after: (work) => void cleanups.unshift(work) }, env);
});
after(async () => {
  for (const cleanup of cleanups) await cleanup();
});

for (const { path, body } of [
  { path: "/signup", body: { password } },
  { path: "/token?grant_type=password", body: { password: "wrong password" } },
  { path: "/recover", body: {} },
  { path: "/otp", body: {} },
  { path: "/resend", body: { type: "signup" } },
  { path: "/verify", body: { type: "recovery", token: "123456" } },
]) {
  test(`F2 ${path} takes as long for a known address as for an unknown one`, async () => {
    const people = await invite();
    const times: { known: number[]; unknown: number[] } = { known: [], unknown: [] };
    for (const { email, kind } of people) {
      const began = performance.now();
      const answer = await world.raw(`/auth/v1${path}`, {
        method: "POST",
        headers: { apikey: "sb_publishable_test", "content-type": "application/json" },
        body: JSON.stringify({ ...body, email }),
      });
      await answer.arrayBuffer();
      times[kind].push(performance.now() - began);
      assert.notEqual(answer.status, 429);
    }
    const z = mannWhitney(times.known, times.unknown);
    const medians = `${median(times.known).toFixed(2)} ms and ${median(times.unknown).toFixed(2)} ms`;
    assert.ok(Math.abs(z) < limit, `z = ${z.toFixed(1)}: ${medians}`);
  });
}

interface Person {
  email: string;
  kind: "known" | "unknown";
}

/** As many addresses with an account as without, in random order, after a few that warm up. */
async function invite(): Promise<Person[]> {
  const run = randomBytes(4).toString("hex");
  const people = Array.from({ length: 2 * samples }, (_, index): Person => {
    return {
      email: `p${String(index).padStart(3, "0")}-${run}@example.com`,
      kind: index % 2 ? "known" : "unknown",
    };
  });
  const stored = `scrypt$8$5$${randomBytes(16).toString("base64url")}$${randomBytes(32).toString("base64url")}`;
  await world.db.query(
    "insert into auth.users (email, encrypted_password, email_confirmed_at) select unnest($1::text[]), $2, now()",
    [people.filter((one) => one.kind === "known").map((one) => one.email), stored],
  );
  return people
    .map((person) => ({ person, order: randomBytes(4).readUInt32BE() }))
    .sort((one, other) => one.order - other.order)
    .map(({ person }) => person);
}

/** The standard score of the rank sum; 0 when neither set is slower. */
function mannWhitney(one: number[], other: number[]): number {
  const ranked = [
    ...one.map((time) => ({ time, own: true })),
    ...other.map((time) => ({ time, own: false })),
  ].sort((a, b) => a.time - b.time);
  const rankSum = ranked.reduce((sum, entry, index) => sum + (entry.own ? index + 1 : 0), 0);
  const mean = (one.length * (one.length + other.length + 1)) / 2;
  const deviation = Math.sqrt((one.length * other.length * (one.length + other.length + 1)) / 12);
  return (rankSum - mean) / deviation;
}

function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? Number.NaN;
}

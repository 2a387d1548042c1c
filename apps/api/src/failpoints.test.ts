import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "./config.ts";
import { armFailpoints, failpoint, parseFailpoints } from "./failpoints.ts";
import { testEnvironment } from "./testing/deps.ts";

test("without MOLT_FAILPOINT nothing happens anywhere", () => {
  assert.deepEqual(readConfig(testEnvironment()).failpoints, []);
  assert.equal(failpoint("mid-stream"), undefined);
});

test("a failpoint fires at the passage it names and at no other", (t) => {
  t.after(() => armFailpoints([]));
  armFailpoints(parseFailpoints("mid-stream:throw@2"));
  assert.equal(failpoint("mid-stream"), undefined);
  assert.equal(failpoint("after-intent"), undefined);
  assert.throws(() => failpoint("mid-stream"), /failpoint mid-stream/);
  assert.equal(failpoint("mid-stream"), undefined);
});

test("a delay is awaited, and without a number a failpoint fires each time", async (t) => {
  t.after(() => armFailpoints([]));
  armFailpoints(parseFailpoints(" after-intent:delay=1 , mid-stream:throw"));
  await failpoint("after-intent");
  await failpoint("after-intent");
  assert.throws(() => failpoint("mid-stream"));
  assert.throws(() => failpoint("mid-stream"));
});

for (const text of [
  "nowhere:kill",
  "mid-stream",
  "mid-stream:explode",
  "mid-stream:delay",
  "mid-stream:kill@0",
  "mid-stream:kill;after-intent:kill",
]) {
  test(`the start stops at MOLT_FAILPOINT=${text}`, () => {
    assert.throws(() => readConfig(testEnvironment({ MOLT_FAILPOINT: text })), /MOLT_FAILPOINT/);
  });
}

test("in production any failpoint stops the start", () => {
  const env = testEnvironment({ NODE_ENV: "production", MOLT_FAILPOINT: "mid-stream:delay=1" });
  assert.throws(() => readConfig(env), /must not be set in production/);
});

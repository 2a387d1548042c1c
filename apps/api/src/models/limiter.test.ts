import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "../testing/deps.ts";
import { Limiter } from "./limiter.ts";
import { testProxy } from "./testing/proxy.ts";

const limits = { concurrent: 3, perMinute: 60, tokensPerMinute: 6_000 };

test("so many streams at once and no more, and each ends once", () => {
  const limiter = new Limiter(manualClock(), limits);
  const [first] = [limiter.start("a"), limiter.start("a"), limiter.start("a")];
  assert.equal(limiter.start("a"), undefined);
  assert.ok(limiter.start("b"), "another bot is not concerned");
  first?.();
  first?.();
  assert.ok(limiter.start("a"));
  assert.equal(limiter.start("a"), undefined);
});

test("so many requests in a minute, filled up with time", () => {
  const clock = manualClock();
  const limiter = new Limiter(clock, limits);
  const tries = (n: number) => Array.from({ length: n }, () => limiter.start("a")?.()).length;
  tries(60);
  assert.equal(limiter.start("a"), undefined);
  clock.advance(1_000);
  const end = limiter.start("a");
  assert.ok(end);
  end();
  assert.equal(limiter.start("a"), undefined);
});

test("what a call did not use is given back, and what it used too much is owed", () => {
  const clock = manualClock();
  const limiter = new Limiter(clock, limits);
  const take = (estimate: number) => limiter.takeTokens("a", estimate);
  const used = take(5_000);
  assert.ok(typeof used === "function");
  assert.equal(take(2_000), 10, "1,000 tokens are missing, 100 come back each second");
  used(500);
  used(0);
  const debt = take(5_500);
  assert.ok(typeof debt === "function");
  debt(11_500);
  assert.equal(take(1), 60);
  clock.advance(60_000);
  assert.equal(take(1), 1);
});

test("a call larger than the whole minute goes out when the minute is untouched", () => {
  const limiter = new Limiter(manualClock(), limits);
  const used = limiter.takeTokens("a", 1_000_000);
  assert.ok(typeof used === "function");
  assert.equal(limiter.takeTokens("a", 1), 60);
});

test("a bot over its tokens a minute is told to wait in the provider's shape, and what is refunded counts", async (t) => {
  const proxy = await testProxy(t, {
    limits: { concurrent: 100, perMinute: 1_000, tokensPerMinute: 10_000 },
  });
  const messages = [{ role: "user", content: "hi" }];
  const body = { model: "claude-sonnet-5", max_tokens: 6_000, messages };
  const openai = { model: "gpt-5", max_completion_tokens: 6_000, messages };
  for (let round = 0; round < 3; round += 1)
    assert.equal((await proxy.call("/v1/messages", body)).status, 200, "one after the other all fit");
  // An answer that stays unfinished keeps its tokens for as long.
  await proxy.control({ kind: "silent" });
  const leaving = new AbortController();
  const running = proxy.call("/v1/messages", { ...body, stream: true }, { signal: leaving.signal });
  while ((await proxy.truth()).length < 4) await proxy.deps.clock.sleep(5);
  const refused = await proxy.call("/v1/messages", body);
  assert.equal(refused.status, 429);
  assert.equal(JSON.parse(refused.text).error.type, "rate_limit_error");
  assert.ok(Number(refused.headers["retry-after"]) >= 1);
  const slow = await proxy.call("/v1/chat/completions", openai);
  assert.equal(slow.status, 429);
  assert.equal(JSON.parse(slow.text).error.code, "rate_limit_error");
  leaving.abort();
  assert.ok((await running).wasCut);
  await proxy.standIn.stop();
});

test("a call that is refused before it leaves takes nothing off the minute", async (t) => {
  const proxy = await testProxy(t, {
    limits: { concurrent: 100, perMinute: 1_000, tokensPerMinute: 10_000 },
  });
  const body = { model: "claude-sonnet-5", max_tokens: 9_000, messages: [{ role: "user", content: "hi" }] };
  await proxy.deps.db.updateTable("app.bots").set({ desired: "paused" }).execute();
  assert.equal((await proxy.call("/v1/messages", body)).status, 402);
  await proxy.deps.db.updateTable("app.bots").set({ desired: "running" }).execute();
  assert.equal((await proxy.call("/v1/messages", body)).status, 200);
});

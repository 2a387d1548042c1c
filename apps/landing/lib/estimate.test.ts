import assert from "node:assert/strict";
import { test } from "node:test";
import { priceOf } from "../../../packages/contract/src/prices.ts";
import { estimate, PLAN_PICOS } from "./estimate.ts";
import { listPrices } from "./prices.ts";

const dollar = 1_000_000_000_000n;
const model = {
  id: "m",
  provider: "p",
  input: 3_000_000,
  output: 15_000_000,
  cacheRead: 300_000,
  cacheWrite: 0,
  cacheWrite1h: 0,
  long: undefined,
};
const habits = {
  messagesPerDay: 10,
  callsPerMessage: 2,
  inputTokens: 10_000,
  cachedPercent: 0,
  outputTokens: 1_000,
};

test("600 calls of 10,000 tokens in and 1,000 out at $3 and $15 a million cost $27, and $32.40 here", () => {
  const { cost, charge, total } = estimate(model, habits);
  assert.deepEqual(
    [cost, charge, total],
    [27n * dollar, (324n * dollar) / 10n, PLAN_PICOS + (324n * dollar) / 10n],
  );
});

test("tokens from the cache cost the cache's price", () => {
  assert.equal(
    estimate(model, { ...habits, cachedPercent: 100 }).cost,
    600n * (3_000_000_000n + 15_000_000_000n),
  );
});

test("a call above the model's threshold costs the price for long ones", () => {
  const dear = { input: 6_000_000, output: 22_500_000, cacheRead: 600_000, cacheWrite: 0, cacheWrite1h: 0 };
  const tiered = { ...model, long: { above: 20_000, ...dear } };
  const at = (inputTokens: number) => estimate(tiered, { ...habits, inputTokens }).cost;
  assert.equal(at(20_000), 600n * (60_000_000_000n + 15_000_000_000n));
  assert.equal(at(20_001), 600n * (120_006_000_000n + 22_500_000_000n));
});

test("who writes nothing pays the plan", () => {
  assert.equal(estimate(model, { ...habits, messagesPerDay: 0 }).total, PLAN_PICOS);
});

test("the list shown is the ledger's own", () => {
  const list = listPrices();
  assert.ok(list.length > 20);
  for (const shown of list) {
    const price = priceOf(shown.id);
    assert.deepEqual(
      [shown.input, shown.output, shown.cacheWrite1h, shown.long],
      [price?.input, price?.output, price?.cacheWrite1h, price?.long],
      shown.id,
    );
  }
  assert.ok(
    list.some(({ long }) => long),
    "some have a price of their own for long calls",
  );
});

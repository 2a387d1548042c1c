import assert from "node:assert/strict";
import { test } from "node:test";
import { modelIds, priceOf } from "./prices.ts";

for (const { model, input, output, cacheRead } of [
  { model: "claude-sonnet-4-5-20250929", input: 3_000_000, output: 15_000_000, cacheRead: 300_000 },
  { model: "claude-opus-5-5", input: 4_000_000, output: 20_000_000, cacheRead: 200_000 },
  { model: "claude-haiku-4-5", input: 1_000_000, output: 5_000_000, cacheRead: 100_000 },
  { model: "gpt-5", input: 1_250_000, output: 10_000_000, cacheRead: 125_000 },
  { model: "gpt-4o", input: 2_500_000, output: 10_000_000, cacheRead: 1_250_000 },
  { model: "anthropic/claude-sonnet-5", input: 2_000_000, output: 10_000_000, cacheRead: 200_000 },
]) {
  test(`${model} costs what its provider lists`, () => {
    const price = priceOf(model);
    assert.deepEqual([price?.input, price?.output, price?.cacheRead], [input, output, cacheRead]);
  });
}

test("an alias resolves to the provider's own id, a dated name to its model", () => {
  for (const name of ["claude-haiku-4-5-20251001", "claude-haiku-4-5@20251001", "claude-haiku-4-5-latest"])
    assert.equal(priceOf(name)?.model, "claude-haiku-4-5", name);
  assert.equal(priceOf("gpt-5.6")?.model, "gpt-5.6-sol");
});

test("F99 an unknown model has no price, whatever it looks like", () => {
  for (const model of [
    "",
    "claude-haiku-latest",
    "gpt-99",
    "claude",
    "molt-demo-2",
    "__proto__",
    "anthropic/claude-haiku-4-5-fake",
    "claude-haiku-4-5-fast",
    "claude-sonnet-5-5",
    "gpt-4o-mini-search-preview",
  ]) {
    assert.equal(priceOf(model), undefined, model);
  }
});

test("F100 a price has the day from which it counts, and its version says which", () => {
  const before = priceOf("gpt-5.6-sol", "2026-08-20");
  const after = priceOf("gpt-5.6-sol", "2026-08-21");
  assert.deepEqual([before?.input, after?.input], [5_000_000, 4_000_000]);
  assert.notEqual(before?.version, after?.version);
});

test("every price is a whole number of picos above nothing, and reading the cache is never dearer than the input", () => {
  for (const id of modelIds()) {
    const price = priceOf(id);
    assert.ok(price, id);
    for (const unit of [price, ...(price.long ? [price.long] : [])]) {
      for (const picos of [unit.input, unit.output, unit.cacheRead, unit.cacheWrite, unit.cacheWrite1h]) {
        assert.ok(Number.isSafeInteger(picos) && picos > 0, id);
      }
      assert.ok(unit.cacheRead <= unit.input, id);
    }
    assert.ok(price.contextWindow >= 8_000, id);
  }
});

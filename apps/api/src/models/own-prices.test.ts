/** MOLT_MODEL_PRICES: what an entry says holds, and what it leaves out is as at the known model. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { priceOf } from "@molt/contract";
import { readOwnPrices } from "./own-prices.ts";

const own = (model: string, entry: object) => {
  const price = readOwnPrices(JSON.stringify({ [model]: entry })).get(model);
  assert.ok(price);
  return price;
};

test("two numbers change what a known model costs, and not how its kinds of tokens compare", () => {
  for (const model of ["claude-sonnet-5", "claude-sonnet-4-5", "gpt-5.6"]) {
    const known = priceOf(model, "9999-12-31");
    assert.ok(known);
    const dollars = { input: known.input / 1e6, output: known.output / 1e6 };
    const same = own(model, dollars);
    const names = { version: "", provider: "own", model };
    assert.deepEqual({ ...same, ...names }, { ...known, ...names }, model);
    const double = own(model, { input: dollars.input * 2, output: dollars.output * 3 });
    assert.deepEqual(
      [double.cacheRead, double.cacheWrite, double.cacheWrite1h, double.contextWindow],
      [known.cacheRead * 2, known.cacheWrite * 2, known.cacheWrite1h * 2, known.contextWindow],
    );
    assert.deepEqual(
      [double.long?.above, double.long?.input, double.long?.output],
      known.long ? [known.long.above, known.long.input * 2, known.long.output * 3] : Array(3).fill(undefined),
    );
  }
});

test("what an entry says wins, and of an unknown model every kind of input costs the same", () => {
  const said = own("claude-sonnet-5", { input: 1, output: 2, cacheRead: 0.5, contextWindow: 9_000 });
  assert.deepEqual([said.cacheRead, said.contextWindow], [500_000, 9_000]);
  const { cacheRead, cacheWrite, cacheWrite1h, contextWindow, long } = own("qwen3", { input: 1, output: 2 });
  assert.deepEqual([cacheRead, cacheWrite, cacheWrite1h, long], [1_000_000, 1_000_000, 1_000_000, undefined]);
  assert.equal(contextWindow, 128_000);
  const free = own("claude-sonnet-5", { input: 0, output: 0 });
  assert.deepEqual([free.cacheRead, free.cacheWrite1h], [0, 0]);
});

test("another price is another version, whatever of it differs", () => {
  const base = { input: 1, output: 2 };
  const versions = [
    base,
    { ...base, cacheRead: 0.2 },
    { ...base, cacheWrite1h: 3 },
    { ...base, contextWindow: 1_000 },
  ].map((entry) => own("claude-sonnet-5", entry).version);
  assert.equal(new Set(versions).size, 4);
  assert.equal(own("claude-sonnet-5", base).version, versions[0]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { priceOf } from "@molt/contract";
import fc from "fast-check";
import { costPicos, noTokens, tokensWithin, totalInput, worstCasePicos } from "./cost.ts";

function priceOrFail(model: string) {
  const price = priceOf(model);
  assert.ok(price);
  return price;
}

for (const { name, model, tokens, picos } of [
  { name: "nothing said, nothing owed", model: "claude-sonnet-4-6", tokens: noTokens, picos: 0n },
  {
    name: "one cached token costs less than a micro-dollar and is not lost",
    model: "claude-sonnet-4-5",
    tokens: { ...noTokens, cacheRead: 1 },
    picos: 300_000n,
  },
  {
    name: "each kind has its own price",
    model: "claude-opus-5",
    tokens: { input: 1, cacheRead: 1, cacheWrite: 1, cacheWrite1h: 1, output: 1, reasoning: 1 },
    picos: 46_750_000n,
  },
  {
    name: "the long price begins above the tier, not at it",
    model: "claude-sonnet-4-5",
    tokens: { ...noTokens, input: 200_000 },
    picos: 600_000_000_000n,
  },
  {
    name: "beyond the tier the whole call has the long price",
    model: "claude-sonnet-4-5",
    tokens: { ...noTokens, input: 199_999, cacheRead: 2, output: 1 },
    picos: 199_999n * 6_000_000n + 1_200_000n + 22_500_000n,
  },
]) {
  test(name, () => assert.equal(costPicos(tokens, priceOrFail(model)), picos));
}

test("F101 no call within its bounds costs more than its reservation", () => {
  const count = fc.nat(300_000);
  fc.assert(
    fc.property(
      fc.constantFrom("claude-sonnet-4-5", "gpt-5.6", "claude-opus-5-5", "molt-demo-1"),
      fc.tuple(count, count, count, count, count),
      (model, [input, cacheRead, cacheWrite, cacheWrite1h, output]) => {
        const price = priceOrFail(model);
        const tokens = { input, cacheRead, cacheWrite, cacheWrite1h, output, reasoning: 0 };
        const most = { input: totalInput(tokens), output };
        assert.ok(costPicos(tokens, price) <= worstCasePicos(most, price, cacheWrite1h > 0));
      },
    ),
  );
});

test("F101 an estimate is made to fit what was reserved: it loses input first, and no more than it must", () => {
  const count = fc.nat(300_000);
  fc.assert(
    fc.property(
      fc.constantFrom("claude-sonnet-4-5", "gpt-5.6", "molt-demo-1"),
      fc.tuple(count, count, count, count, count),
      fc.bigInt({ min: 0n, max: 3_000_000_000_000n }),
      (model, [input, cacheRead, cacheWrite, cacheWrite1h, output], max) => {
        const price = priceOrFail(model);
        const tokens = { input, cacheRead, cacheWrite, cacheWrite1h, output, reasoning: output };
        const kept = tokensWithin(max, tokens, price);
        assert.ok(costPicos(kept, price) <= max);
        if (costPicos(tokens, price) <= max) assert.deepEqual(kept, tokens);
        else if (totalInput(kept) > 0) {
          assert.deepEqual([kept.output, kept.reasoning], [output, output]);
          // One more token of the kind that was cut last would have been too much.
          const kind = (["cacheRead", "cacheWrite", "cacheWrite1h", "input"] as const).find(
            (name) => kept[name] < tokens[name],
          );
          assert.ok(kind && costPicos({ ...kept, [kind]: kept[kind] + 1 }, price) > max);
        } else assert.ok(kept.output <= output && kept.reasoning <= kept.output);
      },
    ),
  );
});

test("F95 a count that cannot be one is a bug, not a price", () => {
  for (const input of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => costPicos({ ...noTokens, input }, priceOrFail("molt-demo-1")), RangeError);
  }
});

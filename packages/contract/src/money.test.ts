import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { chargePicos, formatDollars, PICOS_PER_DOLLAR } from "./money.ts";

test("the charge is the cost x 1.2, never a pico less", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 10n ** 18n }), (cost) => {
      const charge = chargePicos(cost);
      assert.ok(charge * 10n >= cost * 12n && charge * 10n < cost * 12n + 10n);
    }),
  );
});

for (const [picos, text] of [
  [0n, "$0.00"],
  [PICOS_PER_DOLLAR, "$1.00"],
  [1_234_500_000_000n, "$1.23"],
  [1_235_000_000_000n, "$1.24"],
  [999_999_000_000n, "$1.00"],
  [1_500_000_000n, "$0.001500"],
  [300_000n, "<$0.000001"],
  [-2_500_000_000_000n, "-$2.50"],
] as const) {
  test(`${picos} pico-dollars read ${text}`, () => assert.equal(formatDollars(picos), text));
}

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  barsOf,
  charge,
  dayWords,
  monthName,
  monthOf,
  share,
  shiftMonth,
  shortCount,
} from "./usage-format.ts";

const sum = { calls: 1, tokensIn: 10, tokensOut: 1 };

test("months go back and forth over the year", () => {
  assert.equal(shiftMonth("2026-01", -1), "2025-12");
  assert.equal(shiftMonth("2025-12", 1), "2026-01");
  assert.equal(monthOf(new Date("2026-11-30T23:59:59Z")), "2026-11");
  assert.equal(monthName("2026-11", "en-GB"), "November 2026");
  assert.equal(dayWords("2026-11-01", "en-GB"), "1 Nov");
});

for (const { n, words } of [
  { n: 0, words: "0" },
  { n: 999, words: "999" },
  { n: 1_000, words: "1k" },
  { n: 1_950, words: "1.9k" },
  { n: 34_900, words: "34k" },
  { n: 1_842_000, words: "1.8M" },
  { n: 1_000_000_000, words: "1B" },
])
  test(`${n} reads ${words}`, () => assert.equal(shortCount(n), words));

test("what people pay is cost times 1.2, and a tiny call is not free", () => {
  assert.equal(charge("1000000000000"), "$1.20");
  assert.equal(charge("1000000000"), "$0.001200");
});

test("every day of the month has a bar, silent days are flat, the dearest is full", () => {
  const bars = barsOf({
    month: "2024-02",
    byDay: [
      { day: "2024-02-10", ...sum, costPicos: "50" },
      { day: "2024-02-29", ...sum, costPicos: "200" },
    ],
  });
  assert.equal(bars.length, 29);
  assert.deepEqual([bars[0]?.height, bars[9]?.height, bars[28]?.height], [0, 0.25, 1]);
});

test("a share of nothing is nothing, of a giant sum is exact", () => {
  assert.equal(share("5", 0n), 0);
  assert.equal(share("4611686018427387904", 9223372036854775808n), 0.5);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { chargePicos, holdReason, MAX_CAP_PICOS, type BudgetView } from "@molt/contract";
import { capOf, dollarsTyped, holdTitle, limitsOf, nearWords } from "./budget-words.ts";

const now = new Date("2026-11-22T12:00:00Z");
const dollars = (n: number) => String(BigInt(Math.round(n * 100)) * 10_000_000_000n);
const budget = (more: Partial<BudgetView> = {}): BudgetView => ({
  dayPicos: "0",
  dayCapPicos: dollars(20),
  unattendedDayPicos: "0",
  unattendedDayCapPicos: dollars(5),
  monthPicos: "0",
  monthCapPicos: dollars(100),
  runCapPicos: dollars(5),
  hold: null,
  ...more,
});
const limit = (kind: string, b: BudgetView) => {
  const found = limitsOf(b, now, "en-GB").find((one) => one.kind === kind);
  assert.ok(found);
  return found;
};

test("a limit says what is used, what is left and until when, in what is paid", () => {
  const month = limit("month", budget({ monthPicos: dollars(25) }));
  assert.equal(month.amounts, "$30.00 of $120.00");
  assert.equal(month.left, "$90.00 left until 1 December");
  assert.deepEqual([month.used, month.state], [0.25, "calm"]);
});

for (const { spent, state } of [
  { spent: 79.99, state: "calm" },
  { spent: 80, state: "near" },
  { spent: 99.99, state: "near" },
  { spent: 100, state: "full" },
  { spent: 130, state: "full" },
])
  test(`${spent} of 100 is ${state}`, () => {
    const month = limit("month", budget({ monthPicos: dollars(spent) }));
    assert.equal(month.state, state);
    assert.ok(month.used <= 1);
    if (state === "full") assert.match(month.left, /Used up\. It starts again on 1 December/);
  });

test("a limit of nothing is used up", () => {
  assert.deepEqual(limit("day", budget({ dayCapPicos: "0" })).state, "full");
});

test("the chat is told of the limit that is fullest, and of nothing while all is well", () => {
  assert.equal(nearWords(budget(), now), null);
  assert.match(
    nearWords(budget({ monthPicos: dollars(85), dayPicos: dollars(19) }), now, "en-GB") ?? "",
    /^95 % of today’s limit is used\. \$1\.20 left until/,
  );
  assert.match(
    nearWords(budget({ monthPicos: dollars(100), dayPicos: dollars(19) }), now, "en-GB") ?? "",
    /^This month’s limit is used up\. It starts again on 1 December\.$/,
  );
});

test("what it may not do alone is told to somebody who chats only when it has stopped", () => {
  assert.equal(nearWords(budget({ unattendedDayPicos: dollars(4.9) }), now), null);
  assert.match(nearWords(budget({ unattendedDayPicos: dollars(5) }), now) ?? "", /without you/);
});

test("every reason of a stop has a title", () => {
  for (const reason of holdReason.options) assert.ok(holdTitle(reason).length > 10);
});

for (const typed of ["24", "24.00", "$24", " 24,00 ", "0", "0.01", "1200", "999.99"])
  test(`"${typed}" is an amount, never above what was typed`, () => {
    const cap = capOf(typed);
    assert.ok("picos" in cap);
    const wanted = Number(typed.replace("$", "").replace(",", "."));
    assert.equal(Number(dollarsTyped(cap.picos)), wanted);
    assert.ok(chargePicos(BigInt(cap.picos)) <= BigInt(Math.round(wanted * 100)) * 10_000_000_000n);
  });

for (const { typed, says } of [
  { typed: "", says: /0 stops it/ },
  { typed: "-1", says: /dollars and cents/ },
  { typed: "1e3", says: /dollars and cents/ },
  { typed: "12.345", says: /dollars and cents/ },
  { typed: "1,234.00", says: /dollars and cents/ },
  { typed: "ten", says: /dollars and cents/ },
  { typed: "1200.01", says: /At most \$1200\.00/ },
])
  test(`"${typed}" is refused in words`, () => {
    const cap = capOf(typed);
    assert.ok("problem" in cap);
    assert.match(cap.problem, says);
  });

test("the highest cap can be typed and is exactly the contract's", () => {
  const cap = capOf("1200");
  assert.deepEqual(cap, { picos: MAX_CAP_PICOS.toString() });
});

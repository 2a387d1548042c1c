import assert from "node:assert/strict";
import { test } from "node:test";
import { subscriptionStatus } from "@molt/contract";
import { isSameAddress, periodWords, subscriptionLook } from "./settings-words.ts";

test("every state of a subscription has a word", () => {
  for (const status of subscriptionStatus.options) assert.ok(subscriptionLook(status).label);
});

test("people read when money moves next, or when it ends", () => {
  const period = { currentPeriodEnd: "2026-12-12T12:00:00Z", cancelAtPeriodEnd: false };
  assert.match(periodWords({ status: "active", ...period }, "en-GB"), /Renews on 12 December 2026/);
  assert.match(
    periodWords({ status: "active", ...period, cancelAtPeriodEnd: true }, "en-GB"),
    /Ends on 12 December 2026/,
  );
  assert.match(periodWords({ status: "none", ...period, currentPeriodEnd: null }), /\$50 a month/);
});

for (const { typed, same } of [
  { typed: "ada@example.com", same: true },
  { typed: " Ada@Example.com ", same: true },
  { typed: "ada@example.co", same: false },
  { typed: "", same: false },
])
  test(`"${typed}" ${same ? "confirms" : "does not confirm"} the deletion of ada@example.com`, () =>
    assert.equal(isSameAddress(typed, "ada@example.com"), same));

import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, dayName, spent } from "./days.ts";

const now = new Date(2026, 10, 22, 0, 30);
const iso = (...args: [number, number, number, number, number]) => new Date(...args).toISOString();

test("days have the names people give them, also half an hour after midnight", () => {
  assert.equal(dayName(iso(2026, 10, 22, 0, 1), now, "en-GB"), "Today");
  assert.equal(dayName(iso(2026, 10, 21, 23, 59), now, "en-GB"), "Yesterday");
  assert.equal(dayName(iso(2026, 10, 18, 12, 0), now, "en-GB"), "Wednesday");
  assert.equal(dayName(iso(2026, 4, 12, 12, 0), now, "en-GB"), "12 May");
  assert.equal(dayName(iso(2025, 4, 12, 12, 0), now, "en-GB"), "12 May 2025");
});

test("waiting is counted in seconds, then in minutes", () => {
  assert.deepEqual([-5, 0, 59_999, 65_000].map(spent), ["0 s", "0 s", "59 s", "1 min 5 s"]);
});

test("what is past is told roughly", () => {
  const t = Date.parse("2026-11-22T12:00:00Z");
  assert.deepEqual(
    ["2026-11-22T11:59:40Z", "2026-11-22T11:59:00Z", "2026-11-22T09:00:00Z", "2026-11-20T12:00:00Z"].map(
      (at) => ago(at, t),
    ),
    ["just now", "1 minute ago", "3 hours ago", "2 days ago"],
  );
});

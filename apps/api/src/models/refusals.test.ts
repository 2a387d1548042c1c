import assert from "node:assert/strict";
import { test } from "node:test";
import { holdReason } from "@molt/contract";
import { budgetRefusal, heldRefusal, type Refusal, refusalBody, refusals, tooDear } from "./refusals.ts";

const reasons = [
  "not_entitled",
  "unknown_bot",
  "held",
  "day_cap",
  "month_cap",
  "unattended_cap",
  "run_cap",
  "run_calls",
] as const;
/** What makes OpenClaw switch a provider off (reference: openclaw, section 8). */
const FORBIDDEN =
  /credits|balance|billing|spend limit|payment required|top up|out of budget|insufficient quota|subscription|current plan|upgrade your plan/i;

/** Without one of these, or longer, it says "API rate limit reached" in place of our sentence (user-copy of the package). */
const SHOWN = /\bmin(ute)?s?\b|\bhours?\b|\bseconds?\b|\btry again in\b|\bresets?\b|\bplan\b|\bquota\b/i;

function shownAtOnce(refusal: Refusal): void {
  assert.equal(refusal.status, 402);
  assert.match(refusal.message, SHOWN);
  assert.ok(refusal.message.length <= 300);
  assert.match(refusal.message, /usage limit|quota exceeded/i);
  assert.doesNotMatch(refusal.message, FORBIDDEN);
}

test("a hold says why, and what lifts it", () => {
  for (const reason of [...holdReason.options, undefined]) shownAtOnce(heldRefusal(reason));
  const sentences = new Set(holdReason.options.map((reason) => heldRefusal(reason).message));
  assert.equal(sentences.size, holdReason.options.length);
  assert.match(heldRefusal("loop").message, /again and again.*Open the app/);
  assert.match(heldRefusal("operator").message, /write to support/);
});

test("every budget answer is a 402 that OpenClaw shows at once, in words that switch nothing off", () => {
  for (const reason of reasons) {
    shownAtOnce(budgetRefusal(reason, new Date("2026-11-22T12:00:00Z")));
  }
  for (const refusal of Object.values(refusals)) assert.doesNotMatch(refusal.message, FORBIDDEN);
});

test("a request that no cap has room for says so, in what the person pays", () => {
  const refusal = tooDear("of one task", 8_550_000_000_000n, 5_000_000_000_000n);
  shownAtOnce(refusal);
  assert.match(refusal.message, /up to \$10\.26, and the quota of one task is \$6\.00\. Raise/);
});

test("a cap says when it ends", () => {
  assert.match(budgetRefusal("month_cap", new Date("2026-12-22T12:00:00Z")).message, /1 January|January 1/);
});

test("an error has the shape of the api that was asked", () => {
  const refusal = budgetRefusal("day_cap", new Date());
  assert.deepEqual(JSON.parse(refusalBody("anthropic-messages", refusal)), {
    type: "error",
    error: { type: "quota_exceeded", message: refusal.message },
  });
  assert.equal(JSON.parse(refusalBody("openai-responses", refusal)).error.code, "quota_exceeded");
});

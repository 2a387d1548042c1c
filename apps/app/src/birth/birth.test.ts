import assert from "node:assert/strict";
import { test } from "node:test";
import type { BotView, Me } from "@molt/contract";
import { chapterOf, stepsDone, waited } from "./birth-state.ts";
import { claw, plateCount, plates } from "./molting-scene.ts";

const at = "2026-11-22T12:00:00.000Z";
const bot = (status: BotView["status"], step: BotView["step"] = "ready"): BotView => ({
  id: "b",
  status,
  step,
  stepSince: at,
  failure: null,
  createdAt: at,
  lastActiveAt: at,
});
const me = (status: Me["subscription"]["status"]): Me => ({
  user: { id: "u", email: "a@b.co", createdAt: at, language: "en" },
  subscription: { status, currentPeriodEnd: null, cancelAtPeriodEnd: false },
  bot: null,
});

test("the birth has chapters, and the bot's own word counts most", () => {
  assert.equal(chapterOf({ me: undefined, bot: undefined, confirming: true }), "paying");
  assert.equal(chapterOf({ me: me("none"), bot: null, confirming: false }), "unpaid");
  assert.equal(chapterOf({ me: me("active"), bot: null, confirming: false }), "growing");
  assert.equal(chapterOf({ me: me("none"), bot: bot("provisioning", "boot"), confirming: true }), "growing");
  assert.equal(chapterOf({ me: me("active"), bot: bot("failed"), confirming: false }), "failed");
  for (const s of ["running", "asleep", "waking", "paused"] as const)
    assert.equal(chapterOf({ me: me("active"), bot: bot(s), confirming: false }), "born");
});

test("each finished step sheds one plate, six in all", () => {
  const steps = ["queued", "app", "volume", "machine", "boot", "connect"] as const;
  assert.deepEqual(
    steps.map((s) => stepsDone(bot("provisioning", s), "growing")),
    [0, 1, 2, 3, 4, 5],
  );
  assert.equal(stepsDone(bot("running"), "born"), plateCount);
});

test("seconds count from the birth, or from this visit when the birth is long ago or the clocks disagree", () => {
  const t = Date.parse(at);
  assert.equal(waited(bot("provisioning"), t + 5000, t + 9000), 9000);
  assert.equal(waited(bot("provisioning"), t + 3_600_000, t + 3_604_000), 4000);
  assert.equal(waited(bot("provisioning"), t - 8000, t - 5000), 3000);
  assert.equal(waited(null, t, t + 2000), 2000);
});

test("a plate that was shed moves out and pales; the next one trembles; the others hold", () => {
  const shed = plates({ shedAgoMs: [5000, null, null, null, null, null], t: 900, still: false });
  assert.ok((shed[0]?.opacity ?? 1) < 0.5);
  assert.deepEqual(
    shed.map((p) => p.next),
    [false, true, false, false, false, false],
  );
  assert.match(shed[3]?.transform ?? "", /^translate\(-?0\.00 -?0\.00\) rotate\(0\.00/);
});

test("with reduced motion the picture depends on the steps alone", () => {
  const at0 = plates({ shedAgoMs: [0, null, null, null, null, null], t: 0, still: true });
  const later = plates({ shedAgoMs: [9999, null, null, null, null, null], t: 12_345, still: true });
  assert.deepEqual(at0, later);
  assert.equal(claw({ done: 0.5, t: 1, still: true }), claw({ done: 0.5, t: 999, still: true }));
});

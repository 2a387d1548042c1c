import assert from "node:assert/strict";
import { test } from "node:test";
import { botStatus, type BotView } from "@molt/contract";
import { botLook, botNotice } from "./bot-words.ts";

const at = "2026-11-22T12:00:00.000Z";
const bot = (status: BotView["status"], failure: BotView["failure"] = null): BotView => ({
  id: "b",
  status,
  step: "ready",
  stepSince: at,
  failure,
  createdAt: at,
  lastActiveAt: at,
});
const pays = (status: "active" | "past_due" | "canceled") => ({
  subscription: { status, currentPeriodEnd: null, cancelAtPeriodEnd: false },
});

test("every state of a bot has a word of its own", () => {
  const labels = botStatus.options.map((s) => botLook(s).label);
  assert.equal(new Set(labels).size, labels.length);
});

test("a bot that answers, sleeps, wakes or is being born needs no banner", () => {
  for (const s of ["running", "asleep", "waking", "provisioning"] as const)
    assert.equal(botNotice(bot(s), undefined), null);
});

test("trouble says what it is and offers the way out", () => {
  assert.equal(botNotice(null, undefined)?.action, "subscribe");
  const failed = botNotice(bot("failed", { code: "no_capacity", message: "No room." }), undefined);
  assert.deepEqual([failed?.words, failed?.action], ["No room.", "provision"]);
});

test("a pause for money leads to the money, a pause for a limit does not", () => {
  assert.equal(botNotice(bot("paused"), pays("past_due"))?.action, "portal");
  assert.equal(botNotice(bot("paused"), pays("canceled"))?.action, "subscribe");
  assert.equal(botNotice(bot("paused"), pays("active"))?.action, null);
});

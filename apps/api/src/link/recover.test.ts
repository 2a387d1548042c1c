import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseHistory, type HistoryPage, type HistoryRow } from "./history.ts";
import { recover } from "./recover.ts";
import { answer } from "./testing/fixtures.ts";

const ID = "6f9c2d3e-0000-4000-8000-000000000001";
const OTHER = "6f9c2d3e-0000-4000-8000-000000000002";
const RESUMED =
  "[System] Your previous turn was interrupted by a gateway restart while OpenClaw was waiting on tool/model work.";

const blank: HistoryRow = {
  role: "assistant",
  text: "",
  runId: null,
  idempotencyKey: null,
  stopReason: null,
  aborted: false,
};
const asked = (id = ID, text = "How are you?"): HistoryRow => ({
  ...blank,
  role: "user",
  text,
  idempotencyKey: `${id}:user`,
});
const said = (text: string, more: Partial<HistoryRow> = {}): HistoryRow => ({
  ...blank,
  text,
  runId: ID,
  stopReason: "stop",
  ...more,
});
const page = (rows: HistoryRow[], more: Partial<HistoryPage> = {}): HistoryPage => ({
  rows,
  inFlight: null,
  hasActiveRun: false,
  activeRunIds: [],
  uptimeMs: 3_600_000,
  ...more,
});
const running = (runId: string, text = ""): Partial<HistoryPage> => ({
  hasActiveRun: true,
  inFlight: { runId, text },
});

test("F61 a reply that was finished while nobody listened is found whole, as its reader would have seen it grow", () => {
  const recorded = parseHistory(answer("chat.history"), 3_600_000);
  assert.deepEqual(recover(recorded, "38588068-a3ae-4015-8d67-86008ef1d454"), {
    kind: "answered",
    text: "Let me look at the folder.\n\nThe folder holds five notes and your persona file.",
    stopped: false,
  });
});

for (const { name, rows, more, becomes } of [
  { name: "a message the bot never stored is sent again", rows: [], becomes: { kind: "not-there" } },
  {
    name: "a message the bot never stored waits while another run goes on, or it would be steered into it",
    rows: [asked(OTHER)],
    more: running(OTHER, "Well"),
    becomes: { kind: "wait" },
  },
  {
    name: "a message whose run has begun before its row was stored is running",
    rows: [],
    more: { hasActiveRun: true, activeRunIds: [ID] },
    becomes: { kind: "running", text: "" },
  },
  {
    name: "a reply in progress is shown from its first word",
    rows: [asked()],
    more: running(ID, "I am fi"),
    becomes: { kind: "running", text: "I am fi" },
  },
  {
    name: "a reply between two tools is in progress",
    rows: [
      asked(),
      said("Let me look.", { stopReason: null }),
      said("", { stopReason: "toolUse" }),
      { ...blank, role: "toolResult" as const },
    ],
    more: { hasActiveRun: true },
    becomes: { kind: "running", text: "Let me look." },
  },
  {
    name: "a finished reply counts although its run is still being closed",
    rows: [asked(), said("I am fine.")],
    more: { hasActiveRun: true, activeRunIds: [ID] },
    becomes: { kind: "answered", text: "I am fine.", stopped: false },
  },
  {
    name: "a reply the user stopped stays stopped",
    rows: [asked(), said("Chapter 1.", { aborted: true })],
    becomes: { kind: "answered", text: "Chapter 1.", stopped: true },
  },
  {
    name: "F63 a turn resumed under another run id answers the message it was cut in",
    rows: [
      asked(),
      said("Half an", { stopReason: null }),
      { ...asked(OTHER, RESUMED) },
      said("A whole answer.", { runId: OTHER }),
    ],
    becomes: { kind: "answered", text: "A whole answer.", stopped: false },
  },
  {
    name: "F63 a resumed turn in progress is the answer in progress",
    rows: [asked(), { ...asked(OTHER, RESUMED) }],
    more: running(OTHER, "A who"),
    becomes: { kind: "running", text: "A who" },
  },
  {
    name: "F63 right after a boot the gateway has not taken up its turns yet",
    rows: [asked()],
    more: { uptimeMs: 15_000 },
    becomes: { kind: "wait" },
  },
  {
    name: "F63 a stray error row after a resend does not hide the answer",
    rows: [
      asked(),
      { ...asked(OTHER, RESUMED) },
      said("The answer."),
      said("The agent run failed.", { stopReason: "error" }),
    ],
    becomes: { kind: "answered", text: "The answer.", stopped: false },
  },
  {
    name: "a turn that nothing resumed is lost",
    rows: [asked()],
    becomes: { kind: "lost", reason: "interrupted" },
  },
  {
    name: "a turn that ended in an error is lost for another reason",
    rows: [asked(), said("LLM request failed.", { stopReason: "error" })],
    becomes: { kind: "lost", reason: "failed" },
  },
  {
    name: "an older message is not answered by the reply to a newer one",
    rows: [asked(), asked(OTHER), said("To the newer one.", { runId: OTHER })],
    becomes: { kind: "lost", reason: "interrupted" },
  },
  {
    name: "a newer run does not make an older message look alive",
    rows: [asked(), asked(OTHER)],
    more: running(OTHER, "To the newer one"),
    becomes: { kind: "lost", reason: "interrupted" },
  },
  {
    name: "a bot that answers with nothing has answered",
    rows: [asked(), said("")],
    becomes: { kind: "answered", text: "", stopped: false },
  },
])
  test(name, () => assert.deepEqual(recover(page(rows, more), ID), becomes));

test("no transcript makes recovery send a message again that the bot has stored", () => {
  const row = fc.record({
    role: fc.constantFrom("user" as const, "assistant" as const, "toolResult" as const),
    text: fc.constantFrom("", "words", RESUMED),
    runId: fc.constantFrom(null, ID, OTHER),
    idempotencyKey: fc.constantFrom(null, `${ID}:user`, `${OTHER}:user`),
    stopReason: fc.constantFrom(null, "stop", "toolUse", "error"),
    aborted: fc.boolean(),
  });
  const more = fc.record({ hasActiveRun: fc.boolean(), uptimeMs: fc.nat(120_000) });
  fc.assert(
    fc.property(fc.array(row, { maxLength: 12 }), more, (rows, rest) => {
      const { kind } = recover(page(rows, rest), ID);
      const stored = rows.some((one) => one.idempotencyKey === `${ID}:user`);
      assert.equal(kind === "not-there", !stored && !rest.hasActiveRun);
    }),
  );
});

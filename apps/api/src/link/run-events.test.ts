import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { MAIN_CHAT, RunEvents, type RunEventHandlers } from "./run-events.ts";
import { recording } from "./testing/fixtures.ts";

type Told = { what: keyof RunEventHandlers; value: unknown };

/** Everything the handlers were told, in order. */
function listen() {
  const told: Told[] = [];
  const tell = (what: keyof RunEventHandlers) => (value: unknown) => void told.push({ what, value });
  const events = new RunEvents({
    onReceipt: tell("onReceipt"),
    onDelta: tell("onDelta"),
    onActivity: tell("onActivity"),
    onFinal: tell("onFinal"),
    onAborted: tell("onAborted"),
    onError: tell("onError"),
    onRetry: tell("onRetry"),
    onForeignFinal: tell("onForeignFinal"),
    onEmptyFinal: tell("onEmptyFinal"),
  });
  const of = (what: keyof RunEventHandlers) =>
    told.filter((one) => one.what === what).map((one) => one.value);
  return { events, told, of };
}

/** Plays a recording after its messages were sent. */
function play(name: string) {
  const listener = listen();
  const { events, runIds } = recording(name);
  for (const id of runIds) listener.events.expectReceipt(id);
  for (const event of events) listener.events.take(event.name, event.payload);
  return { ...listener, runIds };
}

const PLAIN = "Good morning! I looked at your notes and everything is on track.";
const ends = (told: Told[]) => told.filter(({ what }) => ["onFinal", "onAborted", "onError"].includes(what));

test("a plain reply: receipt, growing text, one end", () => {
  const { told, of, runIds } = play("chat-plain");
  const [runId] = runIds;
  assert.deepEqual(of("onReceipt"), [runId]);
  assert.deepEqual(
    of("onDelta").map((delta) => (delta as { text: string }).text),
    ["Good", "Good morning! I looked", "Good morning! I looked at your notes and", PLAIN],
  );
  assert.deepEqual(of("onFinal"), [{ runId, text: PLAIN, stopReason: "stop" }]);
  assert.equal(told.at(-1)?.what, "onFinal");
  assert.deepEqual(
    of("onActivity").map(
      (change) => (change as { activity: { label: string } | null }).activity?.label ?? null,
    ),
    ["Getting ready", "Recalling our conversation", "Starting to think", null],
  );
});

test("a reply with a tool shows the command, and its text spans both model calls", () => {
  const { of, runIds } = play("chat-tool");
  const whole = "Let me look at the folder.\n\nThe folder holds five notes and your persona file.";
  assert.deepEqual(of("onFinal"), [{ runId: runIds[0], text: whole, stopReason: "stop" }]);
  const shown = of("onActivity").map((change) => (change as { activity: unknown }).activity);
  assert.ok(
    shown.some(
      (one) =>
        JSON.stringify(one) === JSON.stringify({ kind: "tool", label: "Running a command", detail: "ls -a" }),
    ),
  );
  for (const delta of of("onDelta")) assert.equal((delta as { replaced: boolean }).replaced, false);
});

test("a thought is activity and never part of the reply", () => {
  const { of } = play("chat-thinking");
  const thoughts = of("onActivity").map(
    (change) => (change as { activity: { kind: string; detail: string | null } | null }).activity,
  );
  assert.ok(
    thoughts.some((one) => one?.kind === "thinking" && one.detail === "The user wants a short status."),
  );
  for (const delta of of("onDelta")) assert.ok(!(delta as { text: string }).text.includes("The user wants"));
});

test("an aborted reply keeps what was said, and the late frames of its run are ignored", () => {
  const { told, runIds } = play("chat-abort");
  assert.deepEqual(ends(told), [
    {
      what: "onAborted",
      value: {
        runId: runIds[0],
        text: "Chapter 1. Chapter 2. Chapter 3. Chapter 4. Chapter 5. Chapter 6. Chapter 7. Chapter",
      },
    },
  ]);
  assert.equal(told.at(-1)?.what, "onAborted");
});

test("the first error of a run is told in its own words, the vaguer second one is not", () => {
  const { told, runIds } = play("chat-quota-error");
  assert.deepEqual(ends(told), [
    {
      what: "onError",
      value: {
        runId: runIds[0],
        code: "quota_exceeded",
        message: "Usage limit of your plan reached. It resets on 1 December.",
      },
    },
  ]);
});

test("what a gateway says for engineers is told in plain words", () => {
  const saying = (errorMessage: string) => {
    const { events, of } = listen();
    events.take("chat", { runId: "r", sessionKey: MAIN_CHAT, seq: 1, state: "error", errorMessage });
    return (of("onError")[0] as { message: string }).message;
  };
  // As the real one said them while its provider failed.
  for (const words of [
    "⚠️ clawrouter/molt-demo-1 request failed (provider internal error, HTTP 503). This is usually temporary — try again shortly.",
    "LLM request failed: provider returned an internal error.",
    "The AI service is temporarily overloaded. Please try again in a moment.",
    "⚠️ API rate limit reached. Please try again later.",
  ])
    assert.match(saying(words), /^The model is not answering at the moment\..*try again in a few minutes\.$/);
  assert.match(saying("LLM request timed out."), /too long to answer/);
  assert.match(saying("⚠️ "), /^Something went wrong/);
  assert.equal(saying("Usage limit reached: it resets today."), "Usage limit reached: it resets today.");
});

test("a retry is told, and the reply begins anew", () => {
  const { of } = play("chat-retry");
  assert.deepEqual(
    of("onRetry").map((retry) => (retry as { attempt: number }).attempt),
    [2, 3],
  );
  assert.equal(of("onFinal").length, 1);
});

test("text that a repeated model call made void is taken back", () => {
  const { events, of } = listen();
  const base = { runId: "r", sessionKey: MAIN_CHAT };
  const delta = (seq: number, text: string) =>
    events.take("chat", { ...base, seq, state: "delta", message: { content: [{ type: "text", text }] } });
  delta(1, "Half an ans");
  events.take("agent", {
    ...base,
    seq: 2,
    stream: "assistant",
    data: { text: "", delta: "", replace: true },
  });
  delta(3, "A whole");
  assert.deepEqual(of("onDelta"), [
    { runId: "r", text: "Half an ans", replaced: false },
    { runId: "r", text: "", replaced: true },
    { runId: "r", text: "A whole", replaced: false },
  ]);
});

test("a run that ends without a word is not an answer", () => {
  const { of, runIds } = play("chat-busy-steer-followup");
  assert.deepEqual(of("onEmptyFinal"), ["msg-followup", "msg-steered"]);
  const finals = of("onFinal").map((final) => (final as { runId: string }).runId);
  assert.equal(finals[0], runIds[0]);
  assert.ok(!finals.includes("msg-steered") && !finals.includes("msg-followup"));
});

test("what the bot's schedule says is told apart from the conversation", () => {
  const { of, told } = play("cron-run");
  assert.deepEqual(of("onForeignFinal"), [
    {
      runId: "11bdfbb2-947f-4aab-bf43-b17367c0bf1c",
      sessionKey:
        "agent:main:cron:29b66104-bcb6-4351-8890-4a2f14896e31:run:d14eb609-a2d2-46d8-b6f8-1f6762b04068",
      text: PLAIN,
    },
  ]);
  assert.equal(told.length, 1);
});

test("a frame older than the last one of its run changes nothing", () => {
  const { events, of } = listen();
  const delta = (seq: number, text: string) =>
    events.take("chat", {
      runId: "r",
      sessionKey: MAIN_CHAT,
      seq,
      state: "delta",
      message: { content: text },
    });
  delta(9, "one two");
  delta(6, "one");
  assert.equal(of("onDelta").length, 1);
});

test("F86 a bot cannot acknowledge a message that was not sent to it", () => {
  const { events, told } = listen();
  const message = { role: "user", idempotencyKey: "6f9c2d3e-0000-4000-8000-000000000009:user" };
  events.take("session.message", { sessionKey: MAIN_CHAT, message });
  assert.deepEqual(told, []);
});

test("F86 what a bot says is bounded and fit to be stored", () => {
  const { events, of } = listen();
  const text = `a\u0000b\ud800c${"x".repeat(2_000_000)}`;
  events.take("chat", {
    runId: "r",
    sessionKey: MAIN_CHAT,
    state: "final",
    message: { content: [{ type: "text", text }] },
  });
  const [final] = of("onFinal") as { text: string }[];
  assert.ok(final?.text.startsWith("ab\ufffdcxxx"));
  assert.ok((final?.text.length ?? 0) <= 1_000_000);
});

test("F86 no forged event throws, and none of another session reaches the conversation", () => {
  const payload = fc.oneof(
    fc.anything(),
    fc.record({
      runId: fc.oneof(fc.string(), fc.anything()),
      sessionKey: fc.constantFrom("agent:other:main", "", "__proto__"),
      state: fc.constantFrom("status", "delta", "final", "aborted", "error", "root"),
      stream: fc.constantFrom("thinking", "tool", "assistant", "run_status", "shell"),
      data: fc.anything(),
      message: fc.anything(),
      seq: fc.anything(),
    }),
  );
  const name = fc.oneof(
    fc.constantFrom("chat", "agent", "session.message", "shutdown", "exec.approval.requested"),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, payload)), (frames) => {
      const { events, told } = listen();
      for (const [event, value] of frames) events.take(event, value);
      assert.deepEqual(told, []);
    }),
  );
});

test("a hundred thousand runs leave no trace in memory", () => {
  const { events, of } = listen();
  for (let n = 0; n < 100_000; n += 1)
    events.take("chat", { runId: `r${n}`, sessionKey: MAIN_CHAT, state: "status", phase: "starting_model" });
  assert.equal(of("onActivity").length, 100_000);
  // The newest are known still: a repeated status is not told twice.
  events.take("chat", { runId: "r99999", sessionKey: MAIN_CHAT, state: "status", phase: "starting_model" });
  assert.equal(of("onActivity").length, 100_000);
});

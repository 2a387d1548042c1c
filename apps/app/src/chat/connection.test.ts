import assert from "node:assert/strict";
import { test } from "node:test";
import {
  backoffMs,
  closeNotSignedIn,
  off,
  step,
  type ConnectionEvent,
  type ConnectionState,
  type Effect,
} from "./connection.ts";

function run(
  events: ConnectionEvent[],
  from: ConnectionState = off,
): { state: ConnectionState; last: readonly Effect[] } {
  let state = from;
  let last: readonly Effect[] = [];
  for (const event of events) ({ state, effects: last } = step(state, event, 0.5));
  return { state, last };
}
const toLive: ConnectionEvent[] = [{ type: "start" }, { type: "opened" }, { type: "welcome" }];
const did = (effects: readonly Effect[]) => effects.map((e) => e.do);

test("a socket is live only after the welcome", () => {
  assert.equal(run([{ type: "start" }, { type: "opened" }]).state.phase, "greeting");
  assert.equal(run(toLive).state.phase, "live");
});

test("hello is the first thing said, once the socket is open", () => {
  assert.deepEqual(did(run([{ type: "start" }]).last), ["open", "timer"]);
  assert.deepEqual(did(run([{ type: "start" }, { type: "opened" }]).last), ["hello", "timer"]);
});

test("pauses double from 0.8 s to 15 s and never come in step", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 9].map((n) => backoffMs(n, 0.5)),
    [800, 1600, 3200, 6400, 12800, 15000],
  );
  assert.equal(backoffMs(0, 0), 600);
  assert.ok(backoffMs(30, 0.99) <= 15_000);
});

test("a lost socket waits, then tries again; each loss waits longer", () => {
  const lost = run([...toLive, { type: "closed", code: 1006 }]);
  assert.equal(lost.state.phase, "waiting");
  assert.deepEqual(lost.last.at(-1), { do: "timer", ms: 800 });
  const again = run([{ type: "timer" }, { type: "closed", code: 1006 }], lost.state);
  assert.deepEqual(again.last.at(-1), { do: "timer", ms: 1600 });
});

test("a welcome forgets earlier failures", () => {
  const { state } = run([
    ...toLive,
    { type: "closed", code: 1012 },
    { type: "timer" },
    { type: "opened" },
    { type: "welcome" },
  ]);
  assert.equal(state.attempt, 0);
});

test("the network coming back ends the pause at once", () => {
  const { state, last } = run([...toLive, { type: "closed", code: 1006 }, { type: "nudge" }]);
  assert.equal(state.phase, "opening");
  assert.deepEqual(did(last), ["open", "timer"]);
});

test("a silent socket is asked after 25 s and left 8 s later", () => {
  const asked = run([...toLive, { type: "timer" }]);
  assert.deepEqual(did(asked.last), ["ping", "timer"]);
  assert.equal(run([{ type: "heard" }], asked.state).state.pingOut, false);
  assert.equal(run([{ type: "timer" }], asked.state).state.phase, "waiting");
});

test("F75 a refused token is answered with a fresh one, and only then believed", () => {
  const first = run([{ type: "start" }, { type: "opened" }, { type: "closed", code: closeNotSignedIn }]);
  assert.deepEqual(first.last[0], { do: "open", freshToken: true });
  const second = run([{ type: "opened" }, { type: "closed", code: closeNotSignedIn }], first.state);
  assert.equal(second.state.phase, "refused");
  assert.equal(run([{ type: "timer" }], second.state).state.phase, "refused");
});

test("a hole in the running reply begins the socket anew without a pause", () => {
  const { state, last } = run([...toLive, { type: "gap" }]);
  assert.equal(state.phase, "opening");
  assert.deepEqual(did(last), ["close", "open", "timer"]);
});

test("stop ends it from every phase, and nothing but start wakes it", () => {
  for (const events of [[], toLive, [...toLive, { type: "closed", code: 1006 }]] as ConnectionEvent[][]) {
    const stopped = run([...events, { type: "stop" }]);
    assert.equal(stopped.state, off);
    assert.equal(
      run([{ type: "nudge" }, { type: "timer" }, { type: "opened" }], stopped.state).state.phase,
      "off",
    );
  }
});

test("an open that hangs is given up after its time", () => {
  assert.equal(run([{ type: "start" }, { type: "timer" }]).state.phase, "waiting");
  assert.equal(run([{ type: "start" }, { type: "opened" }, { type: "timer" }]).state.phase, "waiting");
});

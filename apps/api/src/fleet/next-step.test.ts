import assert from "node:assert/strict";
import test from "node:test";
import type { Desired } from "../db/types.ts";
import { classify } from "./fly-error.ts";
import type { FlyMachine } from "./fly.ts";
import { lastCrash, nextStep, type Observed, observedState, type Step } from "./next-step.ts";

const machine = (more: Partial<FlyMachine>): FlyMachine => ({
  id: "1",
  name: "bot",
  state: "started",
  region: "iad",
  instance_id: "v",
  created_at: "2026-11-22T12:00:00Z",
  ...more,
});

/** What holding still means in each state. */
const still = new Set<Step>(["settle", "wait", "greet"]);

test("every pair of wish and fact has a step, and none of them works against the wish", () => {
  for (const [desired, row] of Object.entries(nextStep) as [Desired, Record<Observed, Step>][])
    for (const [observed, step] of Object.entries(row) as [Observed, Step][]) {
      const named = `${desired}/${observed}`;
      if (desired !== "running") assert.ok(!["create", "start", "greet", "replace"].includes(step), named);
      if (desired !== "deleted") assert.ok(!["destroy", "remove"].includes(step), named);
      if (observed === "unreachable")
        assert.equal(step, "wait", `${named}: a host that is away decides nothing`);
    }
});

test("following the table from any state ends where it is wanted", () => {
  const becomes: Partial<Record<Step, Observed>> = {
    create: "started",
    start: "started",
    replace: "absent",
    sleep: "suspended",
    stop: "stopped",
    destroy: "absent",
  };
  const passes: Partial<Record<Observed, Observed>> = {
    changing: "stopped",
    suspending: "suspended",
    unreachable: "started",
  };
  for (const [desired, row] of Object.entries(nextStep) as [Desired, Record<Observed, Step>][])
    for (let observed of Object.keys(row) as Observed[]) {
      let step = row[observed];
      for (
        let turns = 0;
        turns < 6 && (!still.has(step) || step === "wait") && step !== "remove";
        turns += 1
      ) {
        observed = step === "wait" ? (passes[observed] ?? observed) : (becomes[step] ?? observed);
        step = row[observed];
      }
      assert.equal(step, desired === "running" ? "greet" : desired === "deleted" ? "remove" : "settle");
    }
});

for (const { state, host, seen } of [
  { state: "started", host: "ok", seen: "started" },
  { state: "created", host: "ok", seen: "stopped" },
  { state: "replacing", host: "ok", seen: "changing" },
  { state: "something-new", host: "ok", seen: "changing" },
  { state: "launch_failed", host: "ok", seen: "broken" },
  { state: "destroyed", host: "ok", seen: "absent" },
  { state: "started", host: "unreachable", seen: "unreachable" },
])
  test(`a machine that says ${state} on a host that is ${host} is ${seen}`, () => {
    assert.equal(observedState(machine({ state, host_status: host })), seen);
  });

test("only an exit that nobody asked for and nobody answered is a crash", () => {
  const exit = (facts: object) =>
    machine({ events: [{ type: "exit", timestamp: 5, request: { exit_event: facts } }] });
  assert.deepEqual(lastCrash(exit({ exit_code: 1 })), new Date(5));
  assert.deepEqual(lastCrash(exit({})), new Date(5));
  assert.equal(lastCrash(exit({ requested_stop: true })), undefined);
  assert.equal(lastCrash(exit({ exit_code: 1, restarting: true })), undefined);
  assert.equal(lastCrash(machine({})), undefined);
});

for (const [http, status, text, kind] of [
  [422, "insufficient_capacity", "", "region_full"],
  [412, "volume_placement_capacity", "", "volume_host_full"],
  [412, undefined, "insufficient resources to create new machine with existing volume", "volume_host_full"],
  [412, undefined, "machine version mismatch", "precondition"],
  [409, undefined, "insufficient memory available to fulfill request", "host_full"],
  [409, undefined, "could not reserve resource for machine: …", "host_full"],
  [409, undefined, "region fra has no capacity", "region_full"],
  [400, undefined, "no capacity", "region_full"],
  [409, undefined, "lease currently held by …", "conflict"],
  [403, undefined, "organization is over the allowed quota", "quota"],
  [403, undefined, "unauthorized", "foreign"],
  [422, "name_taken", "", "name_taken"],
  [400, undefined, "volume not found", "stale_volume"],
  [400, undefined, "MANIFEST_UNKNOWN", "transient"],
  [400, undefined, "invalid config", "invalid"],
  [401, undefined, "", "unauthorized"],
  [404, undefined, "", "not_found"],
  [408, undefined, "", "timeout"],
  [429, undefined, "", "transient"],
  [503, undefined, "", "transient"],
] as const)
  test(`${http} ${status ?? text} means ${kind}`, () => {
    assert.equal(classify({ http, status, text }), kind);
  });

/** A machine from state to state: stopped, suspended, resumed, killed, restarted, and what each forbids. */
import assert from "node:assert/strict";
import test from "node:test";
import { isAlive, readProcess, readProcesses } from "./processes.ts";
import {
  call,
  config,
  ok,
  place,
  processOf,
  seen,
  started,
  throughProxy,
  untilGone,
  waitFor,
} from "./testing/calls.ts";

test("stop ends the tree, start boots anew with the same disk and a fresh root", async (t) => {
  const { host } = await place(t);
  const { id, version } = await started(host);
  const before = await seen(host);
  assert.equal(before.rootIsFresh, true);
  const child = await readProcess(before.child);
  await ok(host, `POST /apps/one/machines/${id}/stop`, {});
  await waitFor(host, id, `stopped&instance_id=${version}`);
  assert.equal(await readProcess(before.pid), undefined);
  assert.equal(child !== undefined && (await isAlive(child)), false);
  const stopped = await ok(host, `GET /apps/one/machines/${id}`);
  assert.equal(stopped.events[0].request.exit_event.requested_stop, true);
  assert.equal((await throughProxy(host, "/")).status, 503);
  assert.equal((await ok(host, `POST /apps/one/machines/${id}/start`)).previous_state, "stopped");
  await waitFor(host, id, "started");
  const after = await seen(host);
  assert.notEqual(after.bootId, before.bootId);
  assert.equal(after.boots, 2);
  assert.equal(after.rootIsFresh, true);
});

test("a machine that does not hear the stop signal is killed when its time is up", async (t) => {
  const { host } = await place(t);
  const { id, version } = await started(host, {
    env: { DEAF: "1" },
    stop_config: { signal: "SIGTERM", timeout: "300ms" },
  });
  await seen(host);
  await ok(host, `POST /apps/one/machines/${id}/stop`, {});
  await waitFor(host, id, `stopped&instance_id=${version}`);
  const stopped = await ok(host, `GET /apps/one/machines/${id}`);
  assert.equal(stopped.events[0].request.exit_event.exit_code, 137);
});

test("suspend stops every process of the tree, resume goes on where it was", async (t) => {
  const { host } = await place(t);
  const { id } = await started(host);
  const before = await seen(host);
  await ok(host, `POST /apps/one/machines/${id}/suspend`);
  await waitFor(host, id, "suspended");
  const table = await readProcesses();
  assert.equal(table.get(before.pid)?.stopped, true);
  assert.equal(table.get(before.child)?.stopped, true);
  assert.equal((await throughProxy(host, "/")).status, 503);
  await ok(host, `POST /apps/one/machines/${id}/start`);
  await waitFor(host, id, "started");
  const after = await seen(host);
  assert.equal(after.bootId, before.bootId);
  assert.equal(after.count, before.count + 1);
  assert.equal((await readProcesses()).get(before.child)?.stopped, false);
});

test("a request that reached a machine while it was suspended is answered after the resume", async (t) => {
  const { host } = await place(t);
  const { id } = await started(host);
  const { env } = await seen(host);
  await ok(host, `POST /apps/one/machines/${id}/suspend`);
  await waitFor(host, id, "suspended");
  const held = fetch(`http://127.0.0.1:${env.DOOR_PORT}/readyz`, { signal: AbortSignal.timeout(15_000) });
  await ok(host, `POST /apps/one/machines/${id}/start`);
  assert.equal((await held).status, 200);
});

test("a start while it is being suspended cancels the suspend", async (t) => {
  const { host } = await place(t);
  const { id } = await started(host);
  const before = await seen(host);
  await ok(host, "PUT /__control/faults", { knobs: { suspendSlowMs: 20_000 } });
  await ok(host, `POST /apps/one/machines/${id}/suspend`);
  assert.equal((await ok(host, `GET /apps/one/machines/${id}`)).state, "suspending");
  assert.equal((await ok(host, `POST /apps/one/machines/${id}/start`)).previous_state, "suspending");
  await waitFor(host, id, "started");
  assert.equal((await seen(host)).bootId, before.bootId);
});

test("F67 a lost snapshot is a cold boot that the API does not mention", async (t) => {
  const { host } = await place(t);
  const { id } = await started(host);
  const before = await seen(host);
  await ok(host, `POST /apps/one/machines/${id}/suspend`);
  await waitFor(host, id, "suspended");
  await ok(host, "PUT /__control/faults", { knobs: { loseSnapshots: true } });
  await ok(host, `POST /apps/one/machines/${id}/start`);
  await waitFor(host, id, "started");
  const after = await seen(host);
  assert.notEqual(after.bootId, before.bootId);
  assert.equal(after.boots, 2);
});

test("only so many machines keep their memory while suspended; the oldest loses it and boots cold", async (t) => {
  const { host } = await place(t, { MAX_SUSPENDED: "1" });
  const { id } = await started(host);
  const before = await seen(host);
  const other = await ok(host, "POST /apps/one/machines", { config: config(undefined, { services: [] }) });
  await waitFor(host, other.id, "started");
  for (const one of [id, other.id]) {
    await ok(host, `POST /apps/one/machines/${one}/suspend`);
    await waitFor(host, one, "suspended");
  }
  const kept = await processOf(host, other.id);
  await untilGone(before.pid);
  assert.equal((await ok(host, `GET /apps/one/machines/${id}`)).state, "suspended");
  assert.ok(await isAlive(kept), "the younger one is kept");
  await ok(host, `POST /apps/one/machines/${id}/start`);
  await waitFor(host, id, "started");
  assert.equal((await seen(host)).boots, 2);
});

test("stop of a suspended machine kills it and drops its snapshot", async (t) => {
  const { host } = await place(t);
  const { id, version } = await started(host);
  const before = await seen(host);
  await ok(host, `POST /apps/one/machines/${id}/suspend`);
  await waitFor(host, id, "suspended");
  await ok(host, `POST /apps/one/machines/${id}/stop`, {});
  await waitFor(host, id, `stopped&instance_id=${version}`);
  assert.equal(await readProcess(before.pid), undefined);
  assert.equal(await readProcess(before.child), undefined);
});

test("what a state does not allow is refused with 412", async (t) => {
  const { host } = await place(t);
  const { id } = await started(host);
  const destroy = await call(host, `DELETE /apps/one/machines/${id}`);
  assert.equal(destroy.status, 412);
  await ok(host, `POST /apps/one/machines/${id}/stop`, {});
  await ok(host, `POST /apps/one/machines/${id}/stop`, {});
  const suspend = await call(host, `POST /apps/one/machines/${id}/suspend`);
  assert.equal(suspend.status, 412);
  assert.match(suspend.body.error, /unable to suspend machine from current state/);
});

test("wait answers 408 when time is up, and wants the version to wait for stopped", async (t) => {
  const { host } = await place(t);
  const { id } = await started(host);
  const late = await call(host, `GET /apps/one/machines/${id}/wait?state=suspended&timeout=1`);
  assert.equal(late.status, 408);
  const vague = await call(host, `GET /apps/one/machines/${id}/wait?state=stopped&timeout=1`);
  assert.equal(vague.status, 400);
  assert.equal((await call(host, `GET /apps/one/machines/${id}/wait?state=happy`)).status, 400);
  assert.equal((await call(host, `GET /apps/one/machines/${id}/wait?state=started&timeout=1`)).status, 200);
});

test("a killed machine is restarted by its policy, and stays stopped when that is used up", async (t) => {
  const { host } = await place(t);
  const { id, version } = await started(host);
  const first = await seen(host);
  process.kill(first.pid, "SIGKILL");
  await untilGone(first.pid);
  await untilGone(first.child);
  await waitFor(host, id, "started");
  const second = await seen(host);
  assert.equal(second.boots, 2);
  process.kill(second.pid, "SIGKILL");
  await waitFor(host, id, `stopped&instance_id=${version}`);
  const machine = await ok(host, `GET /apps/one/machines/${id}`);
  const exits = machine.events.filter((event: { type: string }) => event.type === "exit");
  assert.deepEqual(
    exits
      .map((event: { request: { exit_event: object } }) => event.request.exit_event)
      .map((exit: { exit_code: number; restarting: boolean }) => [exit.exit_code, exit.restarting]),
    [
      [137, false],
      [137, true],
    ],
  );
});

test("a machine whose command always fails ends stopped, with its exit code told", async (t) => {
  const { host } = await place(t);
  await ok(host, "POST /apps", { app_name: "one", org_slug: "local" });
  const machine = await ok(host, "POST /apps/one/machines", {
    config: config(undefined, { env: { DIE_AT_BOOT: "1" } }),
  });
  await waitFor(host, machine.id, `stopped&instance_id=${machine.instance_id}`);
  const { events } = await ok(host, `GET /apps/one/machines/${machine.id}`);
  assert.equal(events[0].request.exit_event.exit_code, 3);
});

/** The host itself: killed, ended, started twice, and made to lie through its control path. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import test from "node:test";
import { readProcess } from "./processes.ts";
import { call, config, ok, place, processOf, seen, started, untilGone, waitFor } from "./testing/calls.ts";
import { startHost } from "./testing/start-host.ts";

test("kill -9 of the host: the next one adopts what runs and what sleeps, and tells what ended meanwhile", async (t) => {
  const { where, host } = await place(t);
  const awake = await started(host);
  const before = await seen(host);
  const make = async (name: string) => {
    const machine = await ok(host, "POST /apps/one/machines", {
      name,
      config: config(undefined, { restart: { policy: "no" }, services: [] }),
    });
    await waitFor(host, machine.id, "started");
    return { id: machine.id as string, process: await processOf(host, machine.id) };
  };
  const asleep = await make("asleep");
  await ok(host, `POST /apps/one/machines/${asleep.id}/suspend`);
  await waitFor(host, asleep.id, "suspended");
  const lost = await make("lost");
  await host.killHard();
  assert.ok(await readProcess(before.pid), "the machine died with its host");
  process.kill(lost.process.pid, "SIGKILL");
  await untilGone(lost.process.pid);

  const next = await startHost(where);
  assert.equal((await ok(next, `GET /apps/one/machines/${awake.id}`)).state, "started");
  const after = await seen(next);
  assert.deepEqual([after.bootId, after.pid], [before.bootId, before.pid]);
  await ok(next, `POST /apps/one/machines/${asleep.id}/start`);
  await waitFor(next, asleep.id, "started");
  assert.equal((await processOf(next, asleep.id)).pid, asleep.process.pid);
  const ended = await ok(next, `GET /apps/one/machines/${lost.id}`);
  assert.deepEqual([ended.state, ended.events[0].type], ["stopped", "exit"]);
  process.kill(after.pid, "SIGKILL");
  await untilGone(after.pid);
  await waitFor(next, awake.id, "started");
  assert.equal((await seen(next)).boots, 2, "an adopted machine is watched as well");
});

test("SIGTERM of the host ends its machines first; the next host finds them stopped and their disks kept", async (t) => {
  const { where, host } = await place(t);
  const { id } = await started(host);
  const { pid, child } = await seen(host);
  assert.equal(await host.stop(), 0);
  assert.equal(await readProcess(pid), undefined);
  assert.equal(await readProcess(child), undefined);
  const next = await startHost(where);
  const machine = await ok(next, `GET /apps/one/machines/${id}`);
  assert.deepEqual([machine.state, machine.events[0].request.exit_event.requested_stop], ["stopped", true]);
  await ok(next, `POST /apps/one/machines/${id}/start`);
  assert.equal((await seen(next)).boots, 2);
});

test("the control path loses answers, refuses and lies on demand, and its truth log keeps what was accepted", async (t) => {
  const { where, host } = await place(t);
  await ok(host, "POST /apps", { app_name: "one", org_slug: "local" });
  await ok(host, "PUT /__control/faults", {
    rules: [
      { method: "POST", path: "/volumes$", loseAnswer: true, times: 1 },
      {
        method: "POST",
        path: "/volumes$",
        answer: { status: 412, body: { error: "full", status: "volume_placement_capacity" } },
        times: 1,
      },
      { method: "GET", path: "/apps$", sayInstead: { status: 200, body: [] }, times: 1 },
      { method: "GET", path: "/apps$", sayInstead: { status: 200, text: "<html>" }, times: 1 },
    ],
  });
  await assert.rejects(call(host, "POST /apps/one/volumes", { name: "data" }));
  assert.equal(
    (await call(host, "POST /apps/one/volumes", { name: "data" })).body.status,
    "volume_placement_capacity",
  );
  assert.deepEqual(await ok(host, "GET /apps?org_slug=local"), []);
  await assert.rejects(call(host, "GET /apps?org_slug=local"), SyntaxError);
  assert.equal((await ok(host, "GET /apps/one/volumes")).length, 1);
  const truth = await ok(host, "GET /__control/truth");
  assert.deepEqual(
    truth.map((entry: { path: string; answered: boolean }) => [entry.path, entry.answered]),
    [
      ["/v1/apps", true],
      ["/v1/apps/one/volumes", false],
    ],
  );
  assert.equal((await readFile(`${where.dataDir}/truth.ndjson`, "utf8")).trim().split("\n").length, 2);
  await ok(host, "PUT /__control/faults", { knobs: { failStarts: 1, buckets: true } });
  const machine = await ok(host, "POST /apps/one/machines", { config: config() });
  await waitFor(host, machine.id, `stopped&instance_id=${machine.instance_id}`);
  const starts = [];
  for (let n = 0; n < 4; n += 1)
    starts.push((await call(host, `POST /apps/one/machines/${machine.id}/start`)).status);
  assert.deepEqual(starts, [200, 200, 200, 429]);
});

test("without CONTROL=1 there is no control path", async (t) => {
  const { host } = await place(t, { CONTROL: "" });
  assert.equal((await call(host, "GET /__control/truth")).status, 404);
});

test("a second host on the same database refuses to start", async (t) => {
  const { where } = await place(t);
  await assert.rejects(
    startHost(where, { OWNER_WAIT_MS: "200" }),
    /another machines host owns this database/,
  );
});

import assert from "node:assert/strict";
import { request } from "node:http";
import { connect } from "node:net";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import test from "node:test";
import type { TestContext } from "node:test";
import { isAlive, readProcess, readProcesses } from "./processes.ts";
import { image, newPlace, startHost, token } from "./testing/start-host.ts";
import type { TestHost } from "./testing/start-host.ts";

interface Answer {
  status: number;
  // A test reads whatever the host says and asserts on it.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

function call(host: TestHost, line: string, body?: unknown): Promise<Answer> {
  return callAs(host, {}, { line, body });
}

async function callAs(
  host: TestHost,
  headers: Record<string, string>,
  { line, body }: { line: string; body?: unknown },
): Promise<Answer> {
  const [method = "GET", path = ""] = line.split(" ");
  const response = await fetch(`${host.url}${path.startsWith("/__") ? "" : "/v1"}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(70_000),
  });
  const text = await response.text();
  return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
}

async function ok(host: TestHost, line: string, body?: unknown): Promise<Answer["body"]> {
  const answer = await call(host, line, body);
  assert.ok(answer.status < 300, `${line} answered ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

const config = (volume?: string, more: object = {}) => ({
  image,
  env: { COLOUR: "teal" },
  metadata: { molt_bot: "b1", molt_env: "test" },
  guest: { cpu_kind: "shared", cpus: 1, memory_mb: 512 },
  services: [{ protocol: "tcp", internal_port: 8080, autostop: "off", autostart: false }],
  restart: { policy: "on-failure", max_retries: 1 },
  stop_config: { signal: "SIGTERM", timeout: "2s" },
  ...(volume === undefined ? {} : { mounts: [{ volume, path: "/data" }] }),
  ...more,
});

/** `state` may carry further query: "stopped&instance_id=…". */
async function waitFor(host: TestHost, id: string, state: string): Promise<void> {
  const answer = await call(host, `GET /apps/one/machines/${id}/wait?timeout=15&state=${state}`);
  assert.equal(answer.status, 200, `waiting for ${state}: ${JSON.stringify(answer.body)}`);
}

/** An app with a flycast address, a volume, and a started machine. */
async function started(
  host: TestHost,
  more: object = {},
): Promise<{ id: string; volume: string; version: string }> {
  await ok(host, "POST /apps", { app_name: "one", org_slug: "local", network: "one" });
  await ok(host, "POST /apps/one/ip_assignments", { type: "private_v6", network: "default" });
  const volume = await ok(host, "POST /apps/one/volumes", { name: "data", region: "ams", size_gb: 1 });
  const machine = await ok(host, "POST /apps/one/machines", {
    name: "bot",
    region: "ams",
    config: config(volume.id, more),
  });
  await waitFor(host, machine.id, "started");
  return { id: machine.id, volume: volume.id, version: machine.instance_id };
}

interface Proxied {
  status: number;
  text: string;
}

function throughProxy(host: TestHost, path: string, name = "one.flycast"): Promise<Proxied> {
  const { port } = new URL(host.proxyUrl);
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, headers: { host: name }, agent: false },
      (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    sent.setTimeout(15_000, () => sent.destroy(new Error("the proxy said nothing")));
    sent.on("error", reject).end();
  });
}

/** A started machine may need a moment until it listens. */
async function seen(host: TestHost): Promise<Answer["body"]> {
  const giveUpAt = performance.now() + 15_000;
  while (performance.now() < giveUpAt) {
    const answer = await throughProxy(host, "/");
    if (answer.status === 200) return JSON.parse(answer.text);
    await call(host, "GET /apps/one");
  }
  throw new Error("the machine never listened");
}

async function place(t: TestContext, env: Record<string, string> = {}) {
  const where = await newPlace(t);
  return { where, host: await startHost(where, env) };
}

const processOf = async (
  host: TestHost,
  id: string,
): Promise<{ pid: number; birth: string; doorPort: number }> =>
  (await ok(host, "GET /__control/machines")).find((machine: { id: string }) => machine.id === id).process;

/** The next time the machine is in the state, however short it lasts. */
async function untilGone(pid: number): Promise<void> {
  while ((await readProcess(pid)) !== undefined) await new Promise((resolve) => setImmediate(resolve));
}

test("without the token nothing is answered but the health page, which says how bots are isolated", async (t) => {
  const { host } = await place(t);
  const refused = await fetch(`${host.url}/v1/apps?org_slug=local`);
  assert.equal(refused.status, 401);
  const wrong = await callAs(host, { authorization: "Bearer wrong" }, { line: "GET /apps/one" });
  assert.equal(wrong.status, 401);
  const health: Answer["body"] = await (await fetch(`${host.url}/health`)).json();
  assert.match(health.isolation, /^(rooms|none)$/);
  assert.match(health.note, health.isolation === "rooms" ? /a room of its own/ : /no isolation: \w/);
  assert.equal(health.driver, "process");
});

test("a machine gets a clean environment, its disk and its ports, and nothing of the host", async (t) => {
  const { host } = await place(t);
  await started(host);
  const { env, headers } = await seen(host);
  assert.equal(env.COLOUR, "teal");
  assert.equal(env.SECRET_OF_THE_HOST, undefined);
  assert.equal(env.DATABASE_URL, undefined);
  assert.equal(env.TOKEN, undefined);
  assert.equal(env.FLY_APP_NAME, "one");
  assert.equal(env.FLY_VM_MEMORY_MB, "512");
  assert.ok(existsSync(env.MOUNT_DATA));
  assert.equal(Number(env.GATEWAY_PORT), Number(env.DOOR_PORT) + 1);
  assert.ok(Number(env.GATEWAY_PORT) < 32_768);
  assert.equal(headers["fly-client-ip"], "127.0.0.1");
  assert.equal(headers["x-forwarded-for"], "127.0.0.1");
  assert.equal(headers.host, "one.flycast");
});

test("an app name is taken once, for us and for strangers alike", async (t) => {
  const { host } = await place(t);
  await ok(host, "POST /apps", { app_name: "one", org_slug: "local", network: "one" });
  const again = await call(host, "POST /apps", { app_name: "one", org_slug: "local", network: "one" });
  assert.deepEqual([again.status, again.body.status], [422, "name_taken"]);
  await ok(host, "POST /__control/foreign-apps", { name: "theirs" });
  assert.equal((await call(host, "GET /apps/theirs")).status, 403);
  assert.equal((await call(host, "GET /apps/nobody")).status, 404);
  const list = await ok(host, "GET /apps?org_slug=local");
  assert.deepEqual(
    list.apps.map((app: { name: string; network: string }) => [app.name, app.network]),
    [["one", "one"]],
  );
});

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

test("update gives a new version and a new environment, and refuses a stale one", async (t) => {
  const { host } = await place(t);
  const { id, volume, version } = await started(host);
  await seen(host);
  const stale = await call(host, `POST /apps/one/machines/${id}`, {
    config: config(volume),
    current_version: "01STALE",
  });
  assert.equal(stale.status, 412);
  const next = config(volume, { env: { COLOUR: "amber" } });
  const updated = await ok(host, `POST /apps/one/machines/${id}`, { config: next, current_version: version });
  assert.notEqual(updated.instance_id, version);
  await waitFor(host, id, "started");
  const after = await seen(host);
  assert.deepEqual([after.env.COLOUR, after.boots], ["amber", 2]);
  assert.equal(updated.config.services[0].autostop, false);
});

test("a lease keeps others from starting, and stop waits for its end", async (t) => {
  const { host } = await place(t);
  const { id } = await started(host);
  const path = `/apps/one/machines/${id}`;
  const lease = await ok(host, `POST ${path}/lease`, { ttl: 60 });
  assert.equal((await call(host, `POST ${path}/lease`, { ttl: 60 })).status, 409);
  assert.equal((await call(host, `POST ${path}/suspend`)).status, 409);
  const mine = { "fly-machine-lease-nonce": lease.data.nonce };
  assert.equal(
    (await callAs(host, mine, { line: `POST ${path}/lease`, body: { ttl: 1 } })).body.data.nonce,
    lease.data.nonce,
  );
  const asked = performance.now();
  await ok(host, `POST ${path}/stop`, {});
  assert.ok(performance.now() - asked > 500, "stop did not wait for the lease");
  assert.equal((await call(host, `GET ${path}/lease`)).status, 404);
});

test("machines are found by their metadata, and metadata changes no version", async (t) => {
  const { host } = await place(t);
  const { id, version } = await started(host);
  assert.equal((await ok(host, "GET /apps/one/machines?metadata.molt_bot=b1")).length, 1);
  assert.equal((await ok(host, "GET /apps/one/machines?metadata.molt_bot=b2")).length, 0);
  assert.equal((await ok(host, "GET /apps/one/machines?state=stopped,suspended")).length, 0);
  await ok(host, `POST /apps/one/machines/${id}/metadata/molt_gen`, { value: "2" });
  const machine = await ok(host, `GET /apps/one/machines/${id}`);
  assert.deepEqual([machine.config.metadata.molt_gen, machine.instance_id], ["2", version]);
});

test("destroy ends the tree and frees the volume; deleting the app takes the disk with it", async (t) => {
  const { host } = await place(t);
  const { id, volume } = await started(host);
  const { pid, child, env } = await seen(host);
  assert.equal((await call(host, `DELETE /apps/one/volumes/${volume}`)).status, 412);
  await ok(host, `DELETE /apps/one/machines/${id}?force=true`);
  await waitFor(host, id, "destroyed");
  assert.equal(await readProcess(pid), undefined);
  assert.equal(await readProcess(child), undefined);
  assert.deepEqual(await ok(host, "GET /apps/one/machines"), []);
  assert.equal((await ok(host, `GET /apps/one/volumes/${volume}`)).attached_machine_id, null);
  await ok(host, "DELETE /apps/one?force=true");
  assert.equal((await call(host, "GET /apps/one")).status, 404);
  assert.equal(existsSync(env.MOUNT_DATA), false);
});

test("bad requests get a reason: unknown image, foreign volume, unsupported config", async (t) => {
  const { host } = await place(t);
  const { volume } = await started(host);
  const image404 = await call(host, "POST /apps/one/machines", { config: { image: "evil:latest" } });
  assert.deepEqual([image404.status, /MANIFEST_UNKNOWN/.test(image404.body.error)], [400, true]);
  const gone = await call(host, "POST /apps/one/machines", { config: config("vol_none") });
  assert.match(gone.body.error, /volume not found/);
  assert.equal((await call(host, "POST /apps/one/machines", { config: config(volume) })).status, 412);
  const init = await call(host, "POST /apps/one/machines", {
    config: config(undefined, { init: { exec: ["/bin/sh"] } }),
  });
  assert.match(init.body.error, /config\.init is not supported/);
  assert.equal(
    (await call(host, "POST /apps/one/machines", { config: { image, guest: { memory_mb: 300 } } })).status,
    400,
  );
});

test("the proxy splices an upgraded connection byte for byte", async (t) => {
  const { host } = await place(t);
  await started(host);
  await seen(host);
  const { port } = new URL(host.proxyUrl);
  const socket = connect(Number(port), "127.0.0.1");
  t.after(() => socket.destroy());
  socket.setTimeout(10_000, () => socket.destroy(new Error("nothing came back")));
  socket.write(
    "GET /ws HTTP/1.1\r\nHost: one.flycast:80\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nping",
  );
  let said = "";
  for await (const part of socket) {
    said += String(part);
    if (said.endsWith("ping")) break;
  }
  assert.match(said, /^HTTP\/1\.1 101 .*ping$/s);
});

test("the proxy answers only for addresses of its own network, and starts a machine only if asked to", async (t) => {
  const { host } = await place(t);
  const { id, version } = await started(host, { services: [{ internal_port: 8080, autostart: true }] });
  await ok(host, "POST /apps", { app_name: "two", org_slug: "local", network: "two" });
  await ok(host, "POST /apps/two/ip_assignments", { type: "private_v6", network: "elsewhere" });
  assert.equal((await throughProxy(host, "/", "two.flycast")).status, 404);
  assert.equal((await throughProxy(host, "/", "example.com")).status, 404);
  await seen(host);
  await ok(host, `POST /apps/one/machines/${id}/stop`, {});
  await waitFor(host, id, `stopped&instance_id=${version}`);
  assert.equal((await seen(host)).boots, 2);
});

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

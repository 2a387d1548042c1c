/** What the Machines API takes and refuses: names, environments, versions, leases, metadata, ends. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import test from "node:test";
import { readProcess } from "./processes.ts";
import { type Answer, call, callAs, config, ok, place, seen, started, waitFor } from "./testing/calls.ts";
import { image } from "./testing/start-host.ts";

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

/** The proxy before the machines: whom it lets through, what it wakes, and what it splices. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import test from "node:test";
import { ok, place, seen, started, throughProxy, waitFor } from "./testing/calls.ts";

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

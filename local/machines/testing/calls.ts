/** The host as its callers see it: its API, its control path, and its machines through the proxy. */
import assert from "node:assert/strict";
import { request } from "node:http";
import type { TestContext } from "node:test";
import { readProcess } from "../processes.ts";
import { image, newPlace, startHost, token } from "./start-host.ts";
import type { TestHost } from "./start-host.ts";

export interface Answer {
  status: number;
  // A test reads whatever the host says and asserts on it.
  // oxlint-disable-next-line typescript/no-explicit-any
  body: any;
}

export function call(host: TestHost, line: string, body?: unknown): Promise<Answer> {
  return callAs(host, {}, { line, body });
}

export async function callAs(
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

export async function ok(host: TestHost, line: string, body?: unknown): Promise<Answer["body"]> {
  const answer = await call(host, line, body);
  assert.ok(answer.status < 300, `${line} answered ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

export const config = (volume?: string, more: object = {}) => ({
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
export async function waitFor(host: TestHost, id: string, state: string): Promise<void> {
  const answer = await call(host, `GET /apps/one/machines/${id}/wait?timeout=15&state=${state}`);
  assert.equal(answer.status, 200, `waiting for ${state}: ${JSON.stringify(answer.body)}`);
}

/** An app with a flycast address, a volume, and a started machine. */
export async function started(
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

export function throughProxy(host: TestHost, path: string, name = "one.flycast"): Promise<Proxied> {
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
export async function seen(host: TestHost): Promise<Answer["body"]> {
  const giveUpAt = performance.now() + 15_000;
  while (performance.now() < giveUpAt) {
    const answer = await throughProxy(host, "/");
    if (answer.status === 200) return JSON.parse(answer.text);
    await call(host, "GET /apps/one");
  }
  throw new Error("the machine never listened");
}

export async function place(t: TestContext, env: Record<string, string> = {}) {
  const where = await newPlace(t);
  return { where, host: await startHost(where, env) };
}

export const processOf = async (
  host: TestHost,
  id: string,
): Promise<{ pid: number; birth: string; doorPort: number }> =>
  (await ok(host, "GET /__control/machines")).find((machine: { id: string }) => machine.id === id).process;

/** Resolves once there is no such process any more. */
export async function untilGone(pid: number): Promise<void> {
  while ((await readProcess(pid)) !== undefined) await new Promise((resolve) => setImmediate(resolve));
}

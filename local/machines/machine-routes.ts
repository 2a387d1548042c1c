/** The calls on machines. Answers come before the work is done; /wait tells when it is. */
import { setTimeout as pause } from "node:timers/promises";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { durationMs } from "./durations.ts";
import { badRequest, FlyError, notFound } from "./fly-error.ts";
import type { Host, NewMachine } from "./host.ts";
import { activeLease, giveLease, leaseHeld } from "./leases.ts";
import type { Machine } from "./machine.ts";
import * as schemas from "./schemas.ts";
import type { Lease, MachineConfig, MachineState } from "./types.ts";
import { machineView } from "./views.ts";

interface InApp {
  Params: { app: string };
}
interface OnMachine {
  Params: { app: string; id: string };
}

const leaseHeader = "fly-machine-lease-nonce";
const waitable = new Set(["started", "stopped", "suspended", "destroyed"]);

export function machineRoutes(server: FastifyInstance, host: Host): void {
  server.get<InApp & { Querystring: Record<string, string> }>("/v1/apps/:app/machines", async (request) => {
    host.app(request.params.app);
    return host
      .machinesOf(request.params.app)
      .filter((machine) => matches(machine, request.query))
      .map((m) => machineView(m));
  });

  server.post<InApp & { Body: NewMachine }>(
    "/v1/apps/:app/machines",
    { schema: schemas.createMachine },
    async (request) => machineView(await host.createMachine(request.params.app, request.body), "created"),
  );

  server.get<OnMachine>("/v1/apps/:app/machines/:id", async (request) => machineView(find(host, request)));

  server.post<
    OnMachine & { Body: { config: MachineConfig; current_version?: string; skip_launch?: boolean } }
  >("/v1/apps/:app/machines/:id", { schema: schemas.updateMachine }, async (request) => {
    const machine = find(host, request);
    mustHold(machine, request);
    const { config, current_version, skip_launch } = request.body;
    await host.updateMachine(machine, config, {
      skipLaunch: skip_launch === true,
      ...(current_version === undefined ? {} : { currentVersion: current_version }),
    });
    return machineView(machine);
  });

  server.delete<OnMachine & { Querystring: { force?: string; kill?: string } }>(
    "/v1/apps/:app/machines/:id",
    async (request) => {
      const machine = find(host, request);
      await untilFree(machine, request);
      await host.destroyMachine(machine, request.query.force === "true" || request.query.kill === "true");
      return { ok: true };
    },
  );

  movingRoutes(server, host);
  waitRoute(server, host);
  leaseRoutes(server, host);
  metadataRoutes(server, host);
}

function movingRoutes(server: FastifyInstance, host: Host): void {
  server.post<OnMachine>("/v1/apps/:app/machines/:id/start", async (request) => {
    const machine = find(host, request);
    mustHold(machine, request);
    return { previous_state: await machine.start(), migrated: false, new_host: "" };
  });

  server.post<OnMachine & { Body: { signal?: string; timeout?: string | number } }>(
    "/v1/apps/:app/machines/:id/stop",
    { schema: schemas.stopMachine },
    async (request) => {
      const machine = find(host, request);
      await untilFree(machine, request);
      const { signal, timeout } = request.body;
      await machine.stop({
        ...(signal === undefined ? {} : { signal }),
        ...(timeout === undefined ? {} : { timeoutMs: duration(timeout) }),
      });
      return { ok: true };
    },
  );

  server.post<OnMachine>("/v1/apps/:app/machines/:id/suspend", async (request) => {
    const machine = find(host, request);
    mustHold(machine, request);
    await machine.suspend();
    return { ok: true };
  });

  server.post<OnMachine & { Querystring: { force_stop?: string; timeout?: string; signal?: string } }>(
    "/v1/apps/:app/machines/:id/restart",
    async (request) => {
      const machine = find(host, request);
      mustHold(machine, request);
      const { force_stop, timeout, signal } = request.query;
      await machine.restart({
        force: force_stop === "true",
        ...(signal === undefined ? {} : { signal }),
        ...(timeout === undefined ? {} : { timeoutMs: duration(timeout) }),
      });
      return { ok: true };
    },
  );
}

function waitRoute(server: FastifyInstance, host: Host): void {
  server.get<OnMachine & { Querystring: { state?: string; timeout?: string; instance_id?: string } }>(
    "/v1/apps/:app/machines/:id/wait",
    async (request) => {
      const machine = find(host, request);
      const { state = "started", timeout = "60", instance_id } = request.query;
      if (!waitable.has(state)) throw badRequest(`cannot wait for state ${state}`);
      if (state === "stopped" && instance_id === undefined)
        throw badRequest("instance_id is required to wait for stopped");
      if (instance_id !== undefined && instance_id !== machine.record.instanceId)
        throw badRequest(`machine has no version ${instance_id}, it is at ${machine.record.instanceId}`);
      const seconds = Number(/^\d+$/.test(timeout) ? timeout : Math.ceil(duration(timeout) / 1000));
      if (seconds < 1 || seconds > 60) throw badRequest("timeout must lie between 1 and 60 seconds");
      const left = new AbortController();
      request.raw.socket.once("close", () => left.abort());
      // `state` is one of the four above.
      if (await machine.waitFor(state as MachineState, seconds * 1000, left.signal)) return { ok: true };
      throw new FlyError(408, "deadline_exceeded: timeout reached waiting for machine's state to change");
    },
  );
}

function leaseRoutes(server: FastifyInstance, host: Host): void {
  server.post<
    OnMachine & { Body: { ttl?: number; description?: string } | null; Querystring: { ttl?: string } }
  >("/v1/apps/:app/machines/:id/lease", async (request, reply) => {
    const machine = find(host, request);
    const ttl = Number(request.body?.ttl ?? request.query.ttl ?? 30);
    if (!Number.isInteger(ttl) || ttl < 1 || ttl > 3600)
      throw badRequest("ttl must lie between 1 and 3600 seconds");
    const lease = await giveLease(machine, ttl, {
      nonce: nonceOf(request),
      description: request.body?.description ?? "",
    });
    return reply.code(201).send({ status: "success", data: leaseView(machine, lease) });
  });

  server.get<OnMachine>("/v1/apps/:app/machines/:id/lease", async (request) => {
    const machine = find(host, request);
    const lease = activeLease(machine);
    if (lease === undefined) throw notFound("lease");
    return { status: "success", data: leaseView(machine, lease) };
  });

  server.delete<OnMachine>("/v1/apps/:app/machines/:id/lease", async (request) => {
    const machine = find(host, request);
    const lease = activeLease(machine);
    if (lease === undefined) throw notFound("lease");
    if (lease.nonce !== nonceOf(request)) throw leaseHeld(lease);
    machine.record.lease = null;
    await machine.save();
    return { status: "success" };
  });
}

function metadataRoutes(server: FastifyInstance, host: Host): void {
  server.get<OnMachine>(
    "/v1/apps/:app/machines/:id/metadata",
    async (request) => find(host, request).record.config.metadata ?? {},
  );

  server.post<{ Params: { app: string; id: string; key: string }; Body: { value: string } }>(
    "/v1/apps/:app/machines/:id/metadata/:key",
    { schema: schemas.setMetadata },
    async (request, reply) => {
      const machine = find(host, request);
      const { config } = machine.record;
      config.metadata = { ...config.metadata, [request.params.key]: request.body.value };
      await machine.save();
      return reply.code(204).send();
    },
  );

  server.delete<{ Params: { app: string; id: string; key: string } }>(
    "/v1/apps/:app/machines/:id/metadata/:key",
    async (request, reply) => {
      const machine = find(host, request);
      const { [request.params.key]: removed, ...rest } = machine.record.config.metadata ?? {};
      if (removed === undefined) throw notFound(`metadata ${request.params.key}`);
      machine.record.config.metadata = rest;
      await machine.save();
      return reply.code(204).send();
    },
  );
}

function find(host: Host, request: { params: { app: string; id: string } }): Machine {
  return host.machine(request.params.app, request.params.id);
}

function matches(machine: Machine, query: Record<string, string>): boolean {
  const { record } = machine;
  if (record.state === "destroyed" && query["include_deleted"] !== "true") return false;
  if (query["region"] !== undefined && query["region"] !== record.region) return false;
  if (query["state"] !== undefined && !query["state"].split(",").includes(record.state)) return false;
  return Object.entries(query).every(
    ([key, value]) =>
      !key.startsWith("metadata.") || record.config.metadata?.[key.slice("metadata.".length)] === value,
  );
}

function duration(value: string | number): number {
  const ms = typeof value === "string" && /^\d+$/.test(value) ? Number(value) * 1000 : durationMs(value);
  if (ms === undefined || ms > 300_000) throw badRequest(`not a duration of up to 5m: ${value}`);
  return ms;
}

function nonceOf(request: Pick<FastifyRequest, "headers">): string | undefined {
  const value = request.headers[leaseHeader];
  return typeof value === "string" ? value : undefined;
}

/** Start, suspend, restart and update are refused at once while somebody else holds the lease. */
function mustHold(machine: Machine, request: Pick<FastifyRequest, "headers">): void {
  const lease = activeLease(machine);
  if (lease !== undefined && lease.nonce !== nonceOf(request)) throw leaseHeld(lease);
}

/** Stop and destroy wait for the lease to end and then succeed. */
async function untilFree(machine: Machine, request: Pick<FastifyRequest, "headers">): Promise<void> {
  for (let lease = activeLease(machine); lease !== undefined; lease = activeLease(machine)) {
    if (lease.nonce === nonceOf(request)) return;
    await pause(Math.min(100, Math.max(1, lease.expiresAt - Date.now())));
  }
}

const leaseView = (machine: Machine, lease: Lease) => ({
  nonce: lease.nonce,
  expires_at: Math.floor(lease.expiresAt / 1000),
  owner: lease.owner,
  description: lease.description,
  version: machine.record.instanceId,
});

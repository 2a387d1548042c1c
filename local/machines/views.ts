/** Records as the Machines API shows them. */
import type { Host } from "./host.ts";
import { activeLease } from "./leases.ts";
import type { Machine } from "./machine.ts";
import type { AppRecord, IpRecord, MachineConfig, MachineState, VolumeRecord } from "./types.ts";

export function appView(host: Host, app: AppRecord) {
  const machines = host.machinesOf(app.name).filter((machine) => machine.record.state !== "destroyed");
  return {
    id: app.id,
    name: app.name,
    status: machines.length === 0 ? "pending" : "deployed",
    organization: { name: app.org, slug: app.org },
    network: app.network,
    machine_count: machines.length,
    volume_count: host.volumesOf(app.name).length,
  };
}

export const ipView = (ip: IpRecord) => ({
  ip: ip.ip,
  region: "global",
  service_name: "",
  shared: false,
  network: ip.network,
  created_at: ip.createdAt,
});

export const volumeView = (volume: VolumeRecord) => ({
  id: volume.id,
  name: volume.name,
  state: "created",
  size_gb: volume.sizeGb,
  region: volume.region,
  zone: "local",
  encrypted: volume.encrypted,
  attached_machine_id: volume.attachedMachineId,
  snapshot_retention: volume.snapshotRetention,
  auto_backup_enabled: false,
  created_at: volume.createdAt,
});

export function machineView(machine: Machine, state: MachineState = machine.record.state) {
  const { record } = machine;
  const [repository, digest] = record.config.image.split("@");
  return {
    id: record.id,
    name: record.name,
    state,
    region: record.region,
    instance_id: record.instanceId,
    private_ip: "127.0.0.1",
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    image_ref: { registry: "local", repository, tag: "", digest: digest ?? "", labels: {} },
    config: configView(record.config),
    events: record.events,
    checks: [],
    host_status: "ok",
    cordoned: false,
    ...(activeLease(machine) === undefined ? {} : { nonce: activeLease(machine)?.nonce }),
  };
}

/** Fly answers booleans for "off" and "stop", and the word only for "suspend". */
function configView(config: MachineConfig): MachineConfig {
  if (config.services === undefined) return config;
  const autostop = (value: boolean | string | undefined): boolean | string =>
    value === "suspend" ? "suspend" : value === true || value === "stop";
  return {
    ...config,
    services: config.services.map((service) => ({ ...service, autostop: autostop(service.autostop) })),
  };
}

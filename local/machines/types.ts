/** What this host remembers. Names on the wire are Fly's (snake_case), names in here are ours. */

export type MachineState =
  | "created"
  | "starting"
  | "started"
  | "stopping"
  | "stopped"
  | "restarting"
  | "suspending"
  | "suspended"
  | "replacing"
  | "destroying"
  | "destroyed"
  | "failed";

export interface MachineService {
  internal_port?: number;
  autostart?: boolean;
  autostop?: boolean | string;
  [key: string]: unknown;
}

export interface MachineConfig {
  image: string;
  env?: Record<string, string>;
  metadata?: Record<string, string>;
  guest?: { cpu_kind?: string; cpus?: number; memory_mb?: number };
  mounts?: { volume: string; path: string }[];
  services?: MachineService[];
  restart?: { policy?: "no" | "always" | "on-failure"; max_retries?: number };
  stop_config?: { signal?: string; timeout?: string | number };
  [key: string]: unknown;
}

export interface ExitEvent {
  exit_code?: number;
  signal?: number | string;
  exited_at: string;
  oom_killed: boolean;
  requested_stop: boolean;
  restarting: boolean;
}

export interface MachineEvent {
  id: string;
  type: "launch" | "start" | "exit" | "stop" | "suspend" | "resume" | "update" | "destroy" | "restart";
  status: MachineState;
  source: "user" | "flyd";
  /** Milliseconds since 1970. */
  timestamp: number;
  request?: { exit_event?: ExitEvent; restart_count?: number };
}

/** A process and what tells it from a later one with the same number. */
export interface ProcessRef {
  pid: number;
  birth: string;
  doorPort: number;
  gatewayPort: number;
}

export interface Lease {
  nonce: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
  owner: string;
  description: string;
}

export interface MachineRecord {
  id: string;
  app: string;
  name: string;
  region: string;
  state: MachineState;
  instanceId: string;
  config: MachineConfig;
  createdAt: string;
  updatedAt: string;
  /** Newest first, at most 20. */
  events: MachineEvent[];
  process: ProcessRef | null;
  lease: Lease | null;
  /** When the restart policy last started it, milliseconds since 1970. */
  restarts: number[];
}

export interface AppRecord {
  name: string;
  id: string;
  org: string;
  network: string;
  createdAt: string;
}

export interface IpRecord {
  app: string;
  ip: string;
  network: string;
  createdAt: string;
}

export interface VolumeRecord {
  id: string;
  app: string;
  name: string;
  region: string;
  sizeGb: number;
  encrypted: boolean;
  snapshotRetention: number;
  attachedMachineId: string | null;
  createdAt: string;
}

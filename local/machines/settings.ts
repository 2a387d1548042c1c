/** The environment of this host, checked once. Every missing or wrong variable is named. */
import { isAbsolute, resolve } from "node:path";

export interface ImageSpec {
  /** Absolute program and its arguments. */
  command: [string, ...string[]];
  /** Absolute folders the image is made of. With them a machine runs in a room of its own (room.ts). */
  files: readonly string[];
  /** Folders with Node's compile cache, made by whoever runs this host. */
  caches: readonly string[];
}

export interface Settings {
  port: number;
  proxyPort: number;
  databaseUrl: string;
  /** Volumes, logs and root folders of the machines. */
  dataDir: string;
  token: string;
  org: string;
  /** The network the flycast proxy stands in: an address allotted to another one is not reachable. */
  proxyNetwork: string;
  images: Map<string, ImageSpec>;
  /** First port of the machines; undefined picks a random place, so that two hosts seldom meet. */
  botPortBase: number | undefined;
  control: boolean;
  /** A suspended machine keeps its memory here; beyond so many the oldest loses its snapshot. */
  maxSuspended: number;
  /** How long to wait for another host on this database to end. */
  ownerWaitMs: number;
}

type Env = Record<string, string | undefined>;

function required(env: Env, name: string): string {
  const value = env[name];
  if (value === undefined || value === "") throw new Error(`${name} is not set`);
  return value;
}

function port(env: Env, name: string): number | undefined {
  const value = env[name];
  if (value === undefined || value === "") return undefined;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 65_535)
    throw new Error(`${name} is not a port: ${value}`);
  return number;
}

function count(env: Env, name: string, otherwise: number): number {
  const number = Number(env[name] || otherwise);
  if (!Number.isInteger(number) || number < 1)
    throw new Error(`${name} is not a whole number above 0: ${env[name]}`);
  return number;
}

function images(env: Env): Map<string, ImageSpec> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(env["IMAGES"] ?? "{}");
  } catch (cause) {
    throw new Error("IMAGES is not JSON", { cause });
  }
  if (typeof parsed !== "object" || parsed === null) throw new Error("IMAGES is not an object");
  const allowed = new Map<string, ImageSpec>();
  for (const [image, spec] of Object.entries(parsed)) {
    if (typeof spec !== "object" || spec === null) throw new Error(`IMAGES: ${image} is not an object`);
    const command: unknown = Reflect.get(spec, "command");
    if (!Array.isArray(command) || !command.every((part) => typeof part === "string"))
      throw new Error(`IMAGES: ${image} needs "command", a list of strings`);
    const [program, ...args] = command;
    if (program === undefined || !isAbsolute(program))
      throw new Error(`IMAGES: the command of ${image} must start with an absolute path`);
    allowed.set(image, {
      command: [program, ...args],
      files: folders(image, spec, "files"),
      caches: folders(image, spec, "caches"),
    });
  }
  return allowed;
}

function folders(image: string, spec: object, name: string): string[] {
  const listed: unknown = Reflect.get(spec, name) ?? [];
  if (!Array.isArray(listed) || !listed.every((path) => typeof path === "string" && isAbsolute(path)))
    throw new Error(`IMAGES: "${name}" of ${image} must be a list of absolute paths`);
  return listed as string[]; // checked in the line before
}

export function readSettings(env: Env): Settings {
  const botPortBase = port(env, "BOT_PORT_BASE");
  if (botPortBase !== undefined && botPortBase !== 0 && (botPortBase < 1024 || botPortBase > 32_000))
    throw new Error(`BOT_PORT_BASE must lie between 1024 and 32000: ${botPortBase}`);
  return {
    port: port(env, "PORT") ?? 0,
    proxyPort: port(env, "PROXY_PORT") ?? 0,
    databaseUrl: required(env, "DATABASE_URL"),
    dataDir: resolve(required(env, "DATA_DIR")),
    token: required(env, "TOKEN"),
    org: env["ORG"] ?? "local",
    proxyNetwork: env["PROXY_NETWORK"] ?? "default",
    images: images(env),
    botPortBase: botPortBase === 0 ? undefined : botPortBase,
    control: env["CONTROL"] === "1",
    maxSuspended: count(env, "MAX_SUSPENDED", 16),
    ownerWaitMs: count(env, "OWNER_WAIT_MS", 10_000),
  };
}

/** What this host takes of a machine's config, and what it refuses aloud instead of ignoring it. */
import { badRequest } from "./fly-error.ts";
import type { ImageSpec } from "./settings.ts";
import type { MachineConfig } from "./types.ts";

const defaultRegion = "ams";

export function checkConfig(images: ReadonlyMap<string, ImageSpec>, config: MachineConfig): void {
  if (!images.has(config.image))
    throw badRequest(
      `failed to get manifest ${config.image}: MANIFEST_UNKNOWN, this host's list of images does not name it`,
    );
  for (const key of ["init", "files", "schedule", "processes"])
    if (config[key] !== undefined) throw badRequest(`config.${key} is not supported by this host`);
}

/** "cdg,eu" is a list of wishes; this host has room everywhere and takes the first. */
export function firstRegion(wish = defaultRegion): string {
  return wish.split(",")[0]?.trim() || defaultRegion;
}

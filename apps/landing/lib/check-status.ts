/** Asks the servers from the reader's own browser. */
import type { getStatus } from "@molt/contract";
import type { z } from "zod";
import { runtimeConfig } from "./runtime-config.ts";

export type Part = "api" | "database" | "worker" | "models" | "app";
export interface PartStatus {
  state: "checking" | "ok" | "trouble" | "unknown";
  ms?: number;
  version?: string;
}
export type Status = Record<Part, PartStatus>;

type Told = z.infer<typeof getStatus.output>;

const TIMEOUT_MS = 6_000;
const UNKNOWN: PartStatus = { state: "unknown" };
const TROUBLE: PartStatus = { state: "trouble" };

/** Never throws: an answer that does not come is what this page exists to show. */
export async function checkStatus(): Promise<Status> {
  const { apiUrl, appUrl, known } = await runtimeConfig();
  // Without an address nobody can be asked: in a preview by design, otherwise because this host is in trouble.
  const missing = known ? UNKNOWN : TROUBLE;
  const [server, app] = await Promise.all([
    apiUrl ? askServer(apiUrl) : { api: missing, database: missing, worker: missing, models: missing },
    appUrl ? askApp(appUrl) : missing,
  ]);
  return { ...server, app };
}

async function askServer(apiUrl: string): Promise<Omit<Status, "app">> {
  const began = performance.now();
  try {
    const response = await fetch(`${apiUrl}/status`, {
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`the server answered ${response.status}`);
    const { version, database, worker, models } = (await response.json()) as Told; // our own api's answer
    const ms = Math.round(performance.now() - began);
    return {
      api: { state: "ok", ms, version },
      database: { state: database },
      worker: { state: worker },
      models: { state: models },
    };
  } catch {
    // Gone, slow or broken: all that can be said of what stands behind it is nothing.
    return { api: TROUBLE, database: UNKNOWN, worker: UNKNOWN, models: UNKNOWN };
  }
}

/** By a picture of the app's: another host's page cannot be read from here, but whether a picture is one can be seen. */
function askApp(appUrl: string): Promise<PartStatus> {
  const began = performance.now();
  return new Promise((resolve) => {
    const picture = new Image();
    const late = setTimeout(() => resolve(TROUBLE), TIMEOUT_MS);
    const done = (status: PartStatus) => {
      clearTimeout(late);
      resolve(status);
    };
    picture.addEventListener("load", () => done({ state: "ok", ms: Math.round(performance.now() - began) }));
    picture.addEventListener("error", () => done(TROUBLE));
    picture.src = `${appUrl}/favicon.svg?asked=${Date.now()}`; // past every cache
  });
}

/** Asks the servers from the reader's own browser. */
import { runtimeConfig } from "./runtime-config.ts";

export type Part = "api" | "database" | "app";
export interface PartStatus {
  state: "checking" | "ok" | "trouble" | "unknown";
  ms?: number;
  version?: string;
}
export type Status = Record<Part, PartStatus>;

const TIMEOUT_MS = 6_000;

/** Never throws: an answer that does not come is what this page exists to show. */
export async function checkStatus(): Promise<Status> {
  const { apiUrl, appUrl } = await runtimeConfig();
  const [api, database, app] = await Promise.all([
    apiUrl ? probe(`${apiUrl}/healthz`) : unknown(),
    apiUrl ? probe(`${apiUrl}/readyz`) : unknown(),
    appUrl ? probe(`${appUrl}/`, { mode: "no-cors" }) : unknown(),
  ]);
  return { api, database, app };
}

async function unknown(): Promise<PartStatus> {
  return { state: "unknown" };
}

async function probe(url: string, options: RequestInit = {}): Promise<PartStatus> {
  const began = performance.now();
  let forbidden = false;
  const onViolation = (event: SecurityPolicyViolationEvent) => {
    if (url.startsWith(event.blockedURI)) forbidden = true;
  };
  document.addEventListener("securitypolicyviolation", onViolation);
  try {
    const response = await fetch(url, {
      ...options,
      cache: "no-store",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const ms = Math.round(performance.now() - began);
    // An opaque answer (another origin without CORS) tells only that somebody answered; that is what is asked.
    if (response.type === "opaque") return { state: "ok", ms };
    if (!response.ok) return { state: "trouble", ms };
    // The api says its version; the app's answer is a page.
    const says = response.headers.get("content-type")?.includes("json") ?? false;
    const body: unknown = says ? await response.json() : undefined;
    const version =
      typeof body === "object" && body !== null && "version" in body ? String(body.version) : undefined;
    return version === undefined ? { state: "ok", ms } : { state: "ok", ms, version };
  } catch {
    // A host whose own policy forbids the question says nothing about whether the other side is up.
    return { state: forbidden ? "unknown" : "trouble" };
  } finally {
    document.removeEventListener("securitypolicyviolation", onViolation);
  }
}

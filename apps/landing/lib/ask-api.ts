/** One POST to the api from a page. Answers what happened in a form that screens can say. */
import { runtimeConfig } from "./runtime-config.ts";

export type Answer =
  | { kind: "ok"; body: unknown }
  | { kind: "invalid" | "limited" | "failed" }
  /** A preview: no api is known, nothing was sent. */
  | { kind: "offline" };

const TIMEOUT_MS = 10_000;

export async function askApi(path: `/${string}`, input: Record<string, unknown>): Promise<Answer> {
  const { apiUrl } = await runtimeConfig();
  if (!apiUrl) return { kind: "offline" };
  try {
    const response = await fetch(apiUrl + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return { kind: "ok", body: await response.json() };
    if (response.status === 429) return { kind: "limited" };
    return { kind: response.status < 500 ? "invalid" : "failed" };
  } catch {
    // Network gone or time over: the person reads it and decides to try again.
    return { kind: "failed" };
  }
}

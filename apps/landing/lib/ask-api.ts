/** One POST to the api from a page. Answers what happened in a form that screens can say. */
import type { ErrorBody } from "@molt/contract";
import { runtimeConfig } from "./runtime-config.ts";

export type Answer =
  | { kind: "ok"; body: unknown }
  /** `gone`: what the link in the mail led to is not there, or not any more. */
  | { kind: "invalid" | "gone" | "limited" | "networkToday" | "fullToday" | "failed" }
  /** A preview: no api is known, nothing was sent. */
  | { kind: "offline" };

const TIMEOUT_MS = 10_000;

export async function askApi(path: `/${string}`, input: Record<string, unknown>): Promise<Answer> {
  const { apiUrl, known } = await runtimeConfig();
  if (!apiUrl) return { kind: known ? "offline" : "failed" };
  try {
    const response = await fetch(apiUrl + path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(input),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.ok) return { kind: "ok", body: await response.json() };
    if (response.status === 429) return { kind: await limitOf(response) };
    if (response.status === 404) return { kind: "gone" };
    return { kind: response.status < 500 ? "invalid" : "failed" };
  } catch {
    // Network gone or time over: the person reads it and decides to try again.
    return { kind: "failed" };
  }
}

/** What the api says about it. Without a reason, or from a host in front of it, a moment's wait is enough. */
async function limitOf(response: Response): Promise<"limited" | "networkToday" | "fullToday"> {
  const body = (await response.json().catch(() => null)) as Partial<ErrorBody> | null;
  if (body?.error?.reason === "network_today") return "networkToday";
  return body?.error?.reason === "full_today" ? "fullToday" : "limited";
}

/** One request to the Machines API: bounded in time and size, its answer checked, its refusal classified. */
import { z } from "zod";
import type { Config } from "../config.ts";
import { classify, FlyError } from "./fly-error.ts";

export interface Call {
  method: "GET" | "POST" | "DELETE";
  path: string;
  body?: unknown;
  /** Whose call it is, where the path does not say; Fly counts by it. */
  about?: string;
  signal: AbortSignal;
  timeoutMs?: number;
}

const callTimeoutMs = 15_000;
const maxAnswerBytes = 8 * 1024 * 1024;

export async function request<T>(
  settings: Pick<Config["fly"], "url" | "token">,
  call: Call,
  shape: z.ZodType<T>,
): Promise<T> {
  const { method, path, body, signal, timeoutMs = callTimeoutMs } = call;
  const what = `${method} ${path.split("?")[0]}`;
  let response: Response;
  let text: string;
  try {
    response = await fetch(`${settings.url}/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${settings.token}`,
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      redirect: "error",
    });
    text = await readText(response);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof FlyError) throw cause;
    throw new FlyError("transient", `${what}: no answer`, { cause });
  }
  const requestId = response.headers.get("fly-request-id") ?? undefined;
  const about = { httpStatus: response.status, requestId };
  if (!response.ok) throw refusal(what, text, about);
  const parsed = shape.safeParse(parseJson(text));
  if (!parsed.success)
    throw new FlyError("bad_answer", `${what}: an answer that is not of the Machines API`, {
      ...about,
      cause: parsed.error,
    });
  return parsed.data;
}

function refusal(
  what: string,
  text: string,
  about: { httpStatus: number; requestId: string | undefined },
): FlyError {
  const told = z
    .object({ error: z.string().optional(), message: z.string().optional(), status: z.string().optional() })
    .safeParse(parseJson(text)).data;
  const message = told?.error ?? told?.message ?? text.slice(0, 200);
  const kind = classify({ http: about.httpStatus, status: told?.status, text: message });
  return new FlyError(kind, `${what}: ${about.httpStatus} ${message.slice(0, 500)}`, about);
}

/** Undefined where it is not JSON; the schema then says so. An empty body is an empty answer. */
function parseJson(text: string): unknown {
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    return undefined;
  }
}

async function readText(response: Response): Promise<string> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? []) {
    bytes += part.byteLength;
    if (bytes > maxAnswerBytes)
      throw new FlyError("bad_answer", "an answer longer than 8 MB", { httpStatus: response.status });
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

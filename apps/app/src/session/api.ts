/**
 * The one way to ask the api: an endpoint of the contract in, its parsed answer out. A failure is
 * always an ApiError with a code and a sentence for the person who reads it.
 */
import { errorBody, type Endpoint } from "@molt/contract";

export class ApiError extends Error {
  override name = "ApiError";
  readonly code: string;
  readonly requestId: string | null;
  readonly retryable: boolean;
  constructor(
    code: string,
    message: string,
    more: { requestId?: string; retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, { cause: more.cause });
    this.code = code;
    this.requestId = more.requestId ?? null;
    this.retryable = more.retryable ?? true;
  }
}

type Input<E extends Endpoint> = E["input"]["_input"];
type Output<E extends Endpoint> = E["output"]["_output"];

export interface ApiDeps {
  readonly apiUrl: string;
  /** A valid access token; `fresh` after the api refused the last one. Null when signed out. */
  token(fresh: boolean): Promise<string | null>;
  /** The account is being deleted: this sign-in opens nothing any more. */
  ended?(): void;
  readonly fetch: typeof fetch;
}

export interface Api {
  call<E extends Endpoint>(endpoint: E, input: Input<E>, signal?: AbortSignal): Promise<Output<E>>;
}

/** Answers are awaited this long; the slowest endpoint asks Stripe and takes a few seconds. */
const timeoutMs = 20_000;

export function createApi(deps: ApiDeps): Api {
  return {
    async call(endpoint, input, signal) {
      let response = await request(deps, endpoint, { input, fresh: false, signal });
      if (response.status === 401) response = await request(deps, endpoint, { input, fresh: true, signal });
      const isText = response.ok && endpoint.contentType !== undefined;
      const body: unknown = await (isText ? response.text() : response.json()).catch(() => undefined);
      if (!response.ok) {
        const error = failure(response.status, body);
        if (error.code === "account_ending") deps.ended?.();
        throw error;
      }
      const parsed = endpoint.output.safeParse(body);
      if (!parsed.success) {
        throw new ApiError(
          "unreadable_answer",
          "The server answered in a way this app does not understand. Reload the app.",
          {
            cause: parsed.error,
            retryable: false,
          },
        );
      }
      return parsed.data;
    },
  };
}

async function tokenOf(deps: ApiDeps, fresh: boolean): Promise<string | null> {
  try {
    return await deps.token(fresh);
  } catch (cause) {
    throw new ApiError(
      "offline",
      "The sign-in service does not answer. Your bot keeps running; try again in a moment.",
      { cause },
    );
  }
}

interface Ask {
  readonly input: unknown;
  readonly fresh: boolean;
  readonly signal: AbortSignal | undefined;
}

async function request(deps: ApiDeps, endpoint: Endpoint, { input, fresh, signal }: Ask): Promise<Response> {
  const token = endpoint.caller === "user" ? await tokenOf(deps, fresh) : null;
  if (endpoint.caller === "user" && token === null) {
    throw new ApiError("not_signed_in", "Please sign in again.", { retryable: false });
  }
  const timer = new AbortController();
  const timeout = setTimeout(() => timer.abort(), timeoutMs);
  const stop = () => timer.abort();
  signal?.addEventListener("abort", stop);
  try {
    return await deps.fetch(address(deps.apiUrl, endpoint, input), {
      method: endpoint.method,
      signal: timer.signal,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
        ...(endpoint.method !== "GET" && { "content-type": "application/json" }),
      },
      ...(endpoint.method !== "GET" && { body: JSON.stringify(input) }),
    });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    const message = timer.signal.aborted
      ? "The server takes too long to answer. Try again in a moment."
      : "No connection to the server. Check your network and try again.";
    throw new ApiError("offline", message, { cause });
  } finally {
    clearTimeout(timeout);
    signal?.removeEventListener("abort", stop);
  }
}

function address(apiUrl: string, endpoint: Endpoint, input: unknown): string {
  if (endpoint.method !== "GET") return apiUrl + endpoint.path;
  const pairs = Object.entries(input as Record<string, unknown>).filter(([, value]) => value !== undefined);
  const query = new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
  return apiUrl + endpoint.path + (query ? `?${query}` : "");
}

function failure(status: number, body: unknown): ApiError {
  const known = errorBody.safeParse(body);
  if (known.success) {
    const { code, message, requestId, retryable } = known.data.error;
    return new ApiError(code, message, { requestId, retryable });
  }
  return new ApiError(
    "unreadable_answer",
    `Something went wrong on the way to the server (${status}). Try again.`,
  );
}

/** A sentence for any thrown thing. */
export function sayError(error: unknown): string {
  if (error instanceof ApiError) return error.message;
  return "Something went wrong in this app. Try again, or reload it.";
}

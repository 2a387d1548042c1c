/**
 * The request to the provider: our key in, everything that is the bot's own out. Node's http client
 * with kept connections; no fetch and no web streams on this path (reference: performance, section 3).
 */
import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { Provider } from "./providers.ts";

/** Names that may pass to the provider. Everything else (keys, cookies, trace, addresses) stays here. */
const TO_PROVIDER = [
  "content-type",
  "accept",
  "anthropic-version",
  "anthropic-beta",
  "openai-beta",
  "user-agent",
];
/** Names that may come back. No rate limits, organisations or cookies of the master key. */
const TO_BOT = [
  "content-type",
  "content-length",
  "cache-control",
  "retry-after",
  "request-id",
  "x-request-id",
  "openai-processing-ms",
];

/** A provider may think for long before its first byte, and says `ping` while it streams. */
const IDLE_MS = 180_000;
const CONNECT_MS = 10_000;

export interface Target {
  provider: Provider;
  key: string;
}

export interface OutgoingMessage {
  path: string;
  /** The bot's; only a few pass. */
  headers: IncomingHttpHeaders;
  body: Buffer;
}

export class Upstream {
  readonly #http = new HttpAgent({
    keepAlive: true,
    maxSockets: 2_000,
    maxFreeSockets: 128,
    timeout: IDLE_MS,
  });
  readonly #https = new HttpsAgent({
    keepAlive: true,
    maxSockets: 2_000,
    maxFreeSockets: 128,
    timeout: IDLE_MS,
  });

  /**
   * Resolves with the answer's head. Rejects when there is none: not reached, cut, or silent too long.
   * An answer that is not over after `deadlineMs` is cut.
   */
  send(target: Target, message: OutgoingMessage, deadlineMs: number): Promise<IncomingMessage> {
    const url = new URL(target.provider.baseUrl + message.path);
    const isTls = url.protocol === "https:";
    return new Promise((resolve, reject) => {
      const req = (isTls ? httpsRequest : httpRequest)(url, {
        method: "POST",
        agent: isTls ? this.#https : this.#http,
        headers: outgoingHeaders(target, message),
      });
      const deadline = setTimeout(() => req.destroy(new Error("the call took too long")), deadlineMs);
      const connecting = setTimeout(
        () => req.destroy(new Error("the provider could not be connected in time")),
        CONNECT_MS,
      );
      req.once("socket", (socket) => {
        if (!socket.connecting) clearTimeout(connecting);
        else socket.once(isTls ? "secureConnect" : "connect", () => clearTimeout(connecting));
      });
      req.setTimeout(IDLE_MS, () => req.destroy(new Error("the provider was silent for too long")));
      req.once("response", resolve);
      req.once("error", reject);
      req.once("close", () => {
        clearTimeout(deadline);
        clearTimeout(connecting);
      });
      req.end(message.body);
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function outgoingHeaders(
  { provider, key }: Target,
  { headers, body }: OutgoingMessage,
): Record<string, string | number> {
  const clean: Record<string, string | number> = {
    "content-type": "application/json",
    "content-length": body.length,
    // Compressed answers could not be read on the way.
    "accept-encoding": "identity",
  };
  for (const name of TO_PROVIDER) {
    const value = headers[name];
    if (typeof value === "string") clean[name] = value;
  }
  if (provider.auth === "x-api-key") clean["x-api-key"] = key;
  else clean["authorization"] = `Bearer ${key}`;
  return clean;
}

/** The provider's headers that may reach the bot. */
export function returnHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const name of TO_BOT) {
    const value = headers[name];
    if (typeof value === "string") clean[name] = value;
  }
  return clean;
}

/** The provider's own id of the call, for questions to its support. */
export function providerRequestId(headers: IncomingHttpHeaders): string | undefined {
  const id = headers["request-id"] ?? headers["x-request-id"];
  return typeof id === "string" ? id.slice(0, 200) : undefined;
}

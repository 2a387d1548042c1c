/** Reads what callers send. Everything is `unknown` until one of these functions has looked at it. */
import { isIP } from "node:net";

import type { FastifyRequest } from "fastify";

import { invalid } from "./errors.ts";

export type Body = Readonly<Record<string, unknown>>;

/** The JSON object of the request; an absent body is an empty one. @throws 400 `validation_failed` */
export function bodyOf(request: FastifyRequest): Body {
  const body: unknown = request.body ?? {};
  if (!isObject(body)) throw invalid("Request body must be a JSON object");
  return body;
}

/** @throws 400 when it is there and not text, or longer than `max` characters. */
export function optionalText(body: Body, name: string, max = 1_000): string | undefined {
  const value = body[name];
  if (value === undefined || value === null || value === "") return undefined;
  if (typeof value !== "string") throw invalid(`${name} must be a string`);
  if (value.length > max) throw invalid(`${name} is too long, over ${max} characters`);
  if (!storable(value)) throw invalid(`${name} contains characters that cannot be stored`);
  return value;
}

export function requiredText(body: Body, name: string, message = `${name} is required`): string {
  const value = optionalText(body, name);
  if (value === undefined) throw invalid(message);
  return value;
}

export function queryText(request: FastifyRequest, name: string): string | undefined {
  const query: unknown = request.query;
  if (!isObject(query)) return undefined;
  const value = query[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** It travels in every access token, and headers are short. */
const maxMetadataBytes = 4_096;

/** `data`: what the user says about himself. @throws 400 when it is not an object or over 4 KiB. */
export function metadataOf(body: Body): Record<string, unknown> {
  const data = body["data"];
  if (data === undefined || data === null) return {};
  if (!isObject(data)) throw invalid("data must be a JSON object");
  const json = JSON.stringify(data, (key, value: unknown) => {
    if (storable(key) && (typeof value !== "string" || storable(value))) return value;
    throw invalid("data contains characters that cannot be stored");
  });
  if (Buffer.byteLength(json) > maxMetadataBytes) throw invalid("data is too large, over 4096 bytes");
  return { ...data };
}

export interface Challenge {
  challenge: string;
  method: "s256" | "plain";
}

/** The PKCE challenge of the client, when it uses that flow. @throws 400 on half of one. */
export function challengeOf(body: Body): Challenge | undefined {
  const challenge = optionalText(body, "code_challenge", 128);
  const method = optionalText(body, "code_challenge_method", 10)?.toLowerCase();
  if (challenge === undefined && method === undefined) return undefined;
  if (challenge === undefined || method === undefined) {
    throw invalid("PKCE flow requires code_challenge_method and code_challenge");
  }
  if (method !== "s256" && method !== "plain") throw invalid("Invalid code challenge method");
  if (!/^[A-Za-z0-9._~-]{43,128}$/.test(challenge)) throw invalid("code challenge is not valid");
  return { challenge, method };
}

/**
 * Whom a limit counts: the leftmost valid address of `Sb-Forwarded-For`, which the api sets in front
 * of us, else the socket's. Trusting that header is safe only because this service listens on
 * 127.0.0.1 and nothing else; `X-Forwarded-For` is never read.
 */
export function callerAddress(request: FastifyRequest): string {
  const header = request.headers["sb-forwarded-for"];
  const text = Array.isArray(header) ? header.join(",") : (header ?? "");
  const first = text
    .split(",")
    .map((part) => part.trim())
    .find((part) => isIP(part) !== 0);
  return first ?? request.socket.remoteAddress ?? "unknown";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Postgres refuses NUL, and half of a surrogate pair is not text. */
function storable(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}

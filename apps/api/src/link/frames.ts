/**
 * The frames of OpenClaw's gateway protocol, version 4, as far as we read them. Everything a bot says
 * goes through these shapes: a bot's shell can write to its own gateway, so frames are input from a
 * stranger. What does not fit is dropped, never passed on (F86).
 */
import { z } from "zod";

/** The longest text the mailbox stores (migration: check on app.messages.text). */
export const MAX_TEXT_CHARS = 1_000_000;

/** Without what Postgres refuses (NUL) or would silently change (lone surrogates), and bounded. */
export function cleanText(text: string): string {
  return text.slice(0, MAX_TEXT_CHARS).replaceAll("\u0000", "").toWellFormed();
}

const shortText = z.string().max(500);
export const runId = z.string().min(1).max(200);
export const sessionKey = z.string().min(1).max(500);

const response = z.object({
  type: z.literal("res"),
  id: z.string(),
  ok: z.boolean(),
  payload: z.unknown().optional(),
  error: z
    .object({
      code: shortText,
      message: z.string().default(""),
      retryAfterMs: z.number().nonnegative().optional(),
      details: z
        .object({ code: shortText.optional(), reason: shortText.optional() })
        .optional()
        .catch(undefined),
    })
    .optional(),
});
export type ResponseFrame = z.infer<typeof response>;

const event = z.object({
  type: z.literal("event"),
  event: shortText,
  payload: z.unknown().optional(),
  seq: z.int().nonnegative().optional(),
});
export type EventFrame = z.infer<typeof event>;

const frame = z.discriminatedUnion("type", [response, event]);

/** Undefined for anything that is not a frame of ours to read. */
export function parseFrame(text: string): ResponseFrame | EventFrame | undefined {
  try {
    return frame.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // not JSON
  }
}

/** The part of `hello-ok` that we keep. */
export const hello = z.object({
  protocol: z.literal(4),
  server: z.object({ version: z.string().max(100), bootId: z.string().min(1).max(100) }),
  features: z.object({ methods: z.array(z.string()).max(5_000) }),
  snapshot: z.object({
    suspension: z.object({ phase: z.string() }).default({ phase: "accepting" }),
    uptimeMs: z.number().nonnegative().default(0),
  }),
  auth: z.object({ scopes: z.array(z.string()) }),
  policy: z.object({ tickIntervalMs: z.int().min(1_000).max(600_000) }),
});
export type Hello = z.infer<typeof hello>;

const textPart = z.object({ type: z.literal("text"), text: z.string() });
const message = z.object({ content: z.union([z.string(), z.array(z.unknown()).max(10_000)]) });

/** The words of a message: its text parts, or the whole where it is plain. Tool calls and images are not words. */
export function textOf(raw: unknown): string | undefined {
  const parsed = message.safeParse(raw);
  if (!parsed.success) return undefined;
  const { content } = parsed.data;
  if (typeof content === "string") return cleanText(content);
  return cleanText(content.map((part) => textPart.safeParse(part).data?.text ?? "").join(""));
}

const ofRun = { runId, sessionKey, seq: z.int().nonnegative().default(0) };

/** `chat` events: what a reader sees of a run. */
export const chatEvent = z.discriminatedUnion("state", [
  z.object({
    ...ofRun,
    state: z.literal("status"),
    phase: shortText.optional(),
    retry: z.object({ attempt: z.int(), maxAttempts: z.int(), reason: shortText.optional() }).optional(),
  }),
  z.object({
    ...ofRun,
    state: z.literal("delta"),
    message: z.unknown().optional(),
    replace: z.boolean().optional(),
  }),
  z.object({
    ...ofRun,
    state: z.literal("final"),
    message: z.unknown().optional(),
    stopReason: shortText.optional(),
  }),
  z.object({ ...ofRun, state: z.literal("aborted"), message: z.unknown().optional() }),
  z.object({
    ...ofRun,
    state: z.literal("error"),
    errorMessage: z.string().default(""),
    errorKind: shortText.optional(),
    errorDetail: z
      .object({ providerErrorType: shortText.optional(), httpStatus: z.int().optional() })
      .optional(),
  }),
]);
export type ChatEvent = z.infer<typeof chatEvent>;

/** `agent` events: only the streams that say what the bot is doing. The words come with `chat`. */
export const agentEvent = z.discriminatedUnion("stream", [
  z.object({ ...ofRun, stream: z.literal("thinking"), data: z.object({ text: z.string() }) }),
  z.object({
    ...ofRun,
    stream: z.literal("tool"),
    data: z.object({
      phase: z.enum(["start", "update", "result"]),
      name: shortText,
      args: z.unknown().optional(),
    }),
  }),
  z.object({
    ...ofRun,
    stream: z.literal("run_status"),
    data: z.object({ phase: shortText, attempt: z.int().optional(), maxAttempts: z.int().optional() }),
  }),
  z.object({
    ...ofRun,
    stream: z.literal("assistant"),
    data: z.object({ text: z.string(), replace: z.boolean().optional() }),
  }),
]);
export type AgentEvent = z.infer<typeof agentEvent>;

/** `session.message`: a row was stored. Only the receipt of a user's message is of interest. */
export const rowEvent = z.object({
  sessionKey,
  message: z.object({ role: z.string(), idempotencyKey: z.string().max(300).optional() }),
});

export const suspensionEvent = z.object({ phase: shortText });

/**
 * WS /chat: JSON text frames between app and api, and the mailbox message both speak of.
 *
 * The first client frame must be `hello` with the access token (never in the URL) within 5 s.
 * `after` is the last sequence number the device holds; the api answers `welcome`, then every later
 * message in order, then the running reply from its first word, and from there on live frames.
 * Close codes: 4400 bad frame, 4401 not signed in or token expired, 4403 foreign origin,
 * 1009 frame too large, 1012 api restarts, 1013 reader too slow.
 */
import { z } from "zod";
import { botView } from "./bots.ts";
import { endpoint } from "./endpoint.ts";
import { instant, plainText, uuid } from "./text.ts";
import { budgetView } from "./usage.ts";

export const MAX_MESSAGE_CHARS = 16_000;

/**
 * `final`, `stopped` (by the user), `interrupted` (the run died) and `error` (a sentence instead of
 * an answer) are states of a bot's message; a user's own is `queued` until the bot has it,
 * `delivered` while it works, `answered` once a bot message with its id as `replyTo` exists.
 */
export const messageState = z.enum([
  "queued",
  "delivered",
  "answered",
  "final",
  "stopped",
  "interrupted",
  "error",
]);
export type MessageState = z.infer<typeof messageState>;

export const message = z.object({
  id: uuid,
  /** Position in the bot's mailbox: 1, 2, 3 … without gaps. */
  seq: z.int().positive(),
  role: z.enum(["user", "bot"]),
  text: z.string(),
  state: messageState,
  at: instant,
  /** The device's own id of a user message; null on bot messages. */
  clientId: uuid.nullable(),
  /** The user message this answers; null on user messages and on what the bot says of its own accord. */
  replyTo: uuid.nullable(),
});
export type Message = z.infer<typeof message>;

export const clientFrame = z.discriminatedUnion("t", [
  z.strictObject({ t: z.literal("hello"), token: z.string().max(8192), after: z.int().nonnegative() }),
  z.strictObject({ t: z.literal("auth"), token: z.string().max(8192) }),
  z.strictObject({
    t: z.literal("send"),
    clientId: uuid,
    text: plainText(MAX_MESSAGE_CHARS).refine((s) => s.trim() !== "", "is empty"),
  }),
  z.strictObject({ t: z.literal("abort"), messageId: uuid }),
  z.strictObject({ t: z.literal("wake") }),
  z.strictObject({ t: z.literal("ping") }),
]);
export type ClientFrame = z.infer<typeof clientFrame>;

/** What the bot does right now, for one line under the running reply. */
export const activity = z.object({
  kind: z.enum(["status", "thinking", "tool"]),
  /** A verb phrase for people: "Thinking", "Running a command". */
  label: z.string().max(120),
  detail: z.string().max(300).nullable(),
});
export type Activity = z.infer<typeof activity>;

export const serverFrame = z.discriminatedUnion("t", [
  z.object({ t: z.literal("welcome"), bot: botView.nullable(), lastSeq: z.int().nonnegative() }),
  z.object({ t: z.literal("message"), message }),
  z.object({ t: z.literal("ack"), clientId: uuid, id: uuid, seq: z.int().positive() }),
  z.object({ t: z.literal("state"), id: uuid, state: messageState }),
  /**
   * `text` stands at character `at` of the running reply to `replyTo`. `at: 0` starts anew (first
   * word, resume, or the model began again); a device that holds less than `at` asks by reconnecting.
   */
  z.object({ t: z.literal("delta"), replyTo: uuid, at: z.int().nonnegative(), text: z.string() }),
  z.object({ t: z.literal("activity"), replyTo: uuid, activity: activity.nullable() }),
  z.object({ t: z.literal("bot"), bot: botView.nullable() }),
  /** After `welcome`, and again whenever a call settled, a cap changed or a hold came or went. */
  z.object({ t: z.literal("budget"), budget: budgetView }),
  z.object({
    t: z.literal("error"),
    code: z.string(),
    message: z.string(),
    clientId: uuid.nullable(),
  }),
  /** The access token ends within a minute: send `auth` with a fresh one. */
  z.object({ t: z.literal("reauth") }),
  z.object({ t: z.literal("pong") }),
]);
export type ServerFrame = z.infer<typeof serverFrame>;

export const listMessages = endpoint({
  method: "GET",
  path: "/messages",
  summary: "A page of the mailbox before a sequence number, oldest first. Readable while the bot sleeps.",
  caller: "user",
  input: z.strictObject({
    before: z.coerce.number().int().positive().optional(),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  }),
  output: z.object({ messages: z.array(message), hasMore: z.boolean() }),
});

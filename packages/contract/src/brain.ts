/** The Brain View: one picture of a bot's mind, live or from the last snapshot. */
import { z } from "zod";
import { endpoint } from "./endpoint.ts";
import { instant } from "./text.ts";

export const brainNodeKind = z.enum([
  "self",
  "memory",
  "skill",
  "tool",
  "channel",
  "schedule",
  "conversation",
]);
export type BrainNodeKind = z.infer<typeof brainNodeKind>;

export const brainNode = z.object({
  /** Stable over snapshots, so that positions can be kept: `memory:MEMORY.md`, `skill:weather`. */
  id: z.string().max(300),
  kind: brainNodeKind,
  label: z.string().max(200),
  detail: z.string().max(600).nullable(),
  /** Bytes for files, tokens for conversations, null where size means nothing. */
  size: z.int().nonnegative().nullable(),
  updatedAt: instant.nullable(),
  active: z.boolean(),
});
export type BrainNode = z.infer<typeof brainNode>;

export const brainEdge = z.object({ from: z.string(), to: z.string() });

/** A file of the bot's own words: persona, user notes, long-term memory. Text is cut at 32 KB. */
export const brainFile = z.object({
  name: z.string().max(200),
  size: z.int().nonnegative(),
  updatedAt: instant.nullable(),
  text: z.string(),
  truncated: z.boolean(),
});

export const brain = z.object({
  takenAt: instant,
  /** False when the bot sleeps and this is its last snapshot. */
  live: z.boolean(),
  nodes: z.array(brainNode).max(2000),
  edges: z.array(brainEdge).max(4000),
  files: z.array(brainFile).max(50),
});
export type Brain = z.infer<typeof brain>;

export const getBrain = endpoint({
  method: "GET",
  path: "/brain",
  summary: "My bot's mind. Null until the bot was awake once.",
  caller: "user",
  input: z.strictObject({}),
  output: z.object({ brain: brain.nullable() }),
});

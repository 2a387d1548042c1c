/** A page of a bot's transcript, reduced to what recovery needs. */
import { z } from "zod";
import { textOf } from "./frames.ts";

export interface HistoryRow {
  readonly role: "user" | "assistant" | "toolResult";
  readonly text: string;
  /** The run that wrote it; null on a user's rows. */
  readonly runId: string | null;
  /** `<message id>:user` on the receipt of one of our messages. */
  readonly idempotencyKey: string | null;
  /** "stop" ends a turn, "toolUse" does not, "error" is a sentence instead of an answer. */
  readonly stopReason: string | null;
  readonly aborted: boolean;
}

export interface HistoryPage {
  /** Oldest first. Two rows may belong to one model call: text, then the tool it asked for. */
  readonly rows: readonly HistoryRow[];
  /** The run that is going on now, with its text so far. */
  readonly inFlight: { readonly runId: string; readonly text: string } | null;
  /** True also where the run has no id yet. */
  readonly hasActiveRun: boolean;
  readonly activeRunIds: readonly string[];
  /** How long the gateway's process has lived: a freshly booted one has not yet taken up its interrupted turns. */
  readonly uptimeMs: number;
}

const row = z.object({
  role: z.enum(["user", "assistant", "toolResult"]),
  idempotencyKey: z.string().max(300).optional(),
  stopReason: z.string().max(100).optional(),
  openclawAbort: z.object({ aborted: z.boolean() }).optional().catch(undefined),
  __openclaw: z
    .object({ runId: z.string().max(200).optional() })
    .optional()
    .catch(undefined),
});

const page = z.object({
  messages: z.array(z.unknown()).max(1_000),
  inFlightRun: z.object({ runId: z.string().max(200), text: z.string().default("") }).optional(),
  sessionInfo: z
    .object({
      hasActiveRun: z.boolean().default(false),
      activeRunIds: z.array(z.string().max(200)).max(100).default([]),
    })
    .default({ hasActiveRun: false, activeRunIds: [] }),
});

/**
 * Reads an answer of `chat.history`. Rows that are not of a conversation are left out.
 * @throws {z.ZodError} when the answer as a whole is not a page.
 */
export function parseHistory(payload: unknown, uptimeMs: number): HistoryPage {
  const { messages, inFlightRun, sessionInfo } = page.parse(payload);
  return {
    rows: messages.flatMap((raw) => {
      const parsed = row.safeParse(raw);
      if (!parsed.success) return [];
      const { role, idempotencyKey, stopReason, openclawAbort, __openclaw } = parsed.data;
      return {
        role,
        text: textOf(raw) ?? "",
        runId: __openclaw?.runId ?? null,
        idempotencyKey: idempotencyKey ?? null,
        stopReason: stopReason ?? null,
        aborted: openclawAbort?.aborted ?? false,
      };
    }),
    inFlight: inFlightRun ?? null,
    hasActiveRun:
      sessionInfo.hasActiveRun || sessionInfo.activeRunIds.length > 0 || inFlightRun !== undefined,
    activeRunIds: sessionInfo.activeRunIds,
    uptimeMs,
  };
}

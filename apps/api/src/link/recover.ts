/**
 * What became of a message while nobody listened: a pure reading of the bot's own transcript. The
 * rules are those of openclaw.md, section 6: the stored `:user` row is the only receipt, and a turn
 * that was cut after it is taken up again by the gateway under another run id.
 */
import type { HistoryPage, HistoryRow } from "./history.ts";

export type Recovery =
  /** Its reply is complete; `stopped` when the user ended it. */
  | { kind: "answered"; text: string; stopped: boolean }
  /** A run is at it, under whatever id: the next end of a run in this conversation is its end. */
  | { kind: "running"; text: string }
  /** The bot never got it, and nothing else runs: send it with the same key. */
  | { kind: "not-there" }
  /** The bot got it and will not answer: `failed` after an error, `interrupted` after a crash. */
  | { kind: "lost"; reason: "failed" | "interrupted" }
  /** Not to be known yet: another run is going on, or the gateway has only just booted. Ask again. */
  | { kind: "wait" };

/** A booted gateway takes up its interrupted turns "a few seconds after startup" (its restart-recovery.md). */
const RESUME_GRACE_MS = 60_000;
/** How the gateway begins the row by which it wakes an interrupted turn. */
const RESUME_PREFIX = "[System] Your previous turn was interrupted";

/** @param messageId our id of the message, which is also its idempotency key. */
export function recover(page: HistoryPage, messageId: string): Recovery {
  const ourRun = page.activeRunIds.includes(messageId) || page.inFlight?.runId === messageId;
  const at = page.rows.findIndex((row) => row.idempotencyKey === `${messageId}:user`);
  if (at < 0) {
    if (ourRun) return { kind: "running", text: page.inFlight?.text ?? "" };
    return page.hasActiveRun ? { kind: "wait" } : { kind: "not-there" };
  }
  const later = page.rows.slice(at + 1);
  const next = later.findIndex(isPersons);
  const newest = next < 0;
  const turn = lastAttempt(newest ? later : later.slice(0, next));
  const end = turn.findLastIndex((row) => row.role === "assistant" && endsTurn(row));
  const answered = end >= 0 && !turn.slice(end).some((row) => row.role === "toolResult");

  // The row of a finished reply is stored before its run is closed, so it outranks an active run.
  if (answered)
    return { kind: "answered", text: wordsOf(turn.slice(0, end + 1)), stopped: turn[end]?.aborted ?? false };
  if (newest && page.hasActiveRun) return { kind: "running", text: page.inFlight?.text ?? wordsOf(turn) };
  if (turn.some((row) => row.stopReason === "error")) return { kind: "lost", reason: "failed" };
  if (newest && page.uptimeMs < RESUME_GRACE_MS) return { kind: "wait" };
  return { kind: "lost", reason: "interrupted" };
}

/** Rows of the present attempt: what came before a resumption was repeated after it. */
function lastAttempt(rows: readonly HistoryRow[]): readonly HistoryRow[] {
  const resumed = rows.findLastIndex(isResumption);
  return resumed < 0 ? rows : rows.slice(resumed + 1);
}

/** A message of a person: the note by which the gateway wakes a turn has the same role and kind of key. */
function isPersons(row: HistoryRow): boolean {
  return row.role === "user" && (row.idempotencyKey?.endsWith(":user") ?? false) && !isResumption(row);
}

function isResumption(row: HistoryRow): boolean {
  return row.role === "user" && row.text.startsWith(RESUME_PREFIX);
}

/** Nothing of the turn comes after it. A row without a stop reason is the text before a tool call, or was cut. */
function endsTurn(row: HistoryRow): boolean {
  return (
    row.aborted || (row.stopReason !== null && !["error", "aborted", "toolUse"].includes(row.stopReason))
  );
}

/** The reply as its reader saw it grow: the texts of its model calls, a blank line between them. */
function wordsOf(rows: readonly HistoryRow[]): string {
  const said = rows.filter((row) => row.role === "assistant" && row.stopReason !== "error");
  return said
    .map((row) => row.text.trim())
    .filter((text) => text !== "")
    .join("\n\n");
}

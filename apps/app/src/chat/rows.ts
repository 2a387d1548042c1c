/** The transcript as rows of a list. Pure, so that what stands where is tested without a screen. */
import type { Message } from "@molt/contract";
import { dayKey } from "./days.ts";
import { awaiting, type Pending, type Running, type Transcript } from "./transcript.ts";

export type Row =
  | { readonly kind: "day"; readonly key: string; readonly at: string }
  | { readonly kind: "message"; readonly key: string; readonly message: Message; readonly follows: boolean }
  | { readonly kind: "pending"; readonly key: string; readonly pending: Pending }
  | { readonly kind: "running"; readonly key: string; readonly running: Running; readonly stopped: boolean }
  /** The bot has the message or will have it, and has not said a word yet. */
  | { readonly kind: "waiting"; readonly key: string; readonly message: Message };

/** Two messages of one side within this time belong together and share one time. */
const togetherMs = 5 * 60_000;

export function rowsOf(t: Transcript): Row[] {
  const rows: Row[] = [];
  let before: { at: string; role: Message["role"] } | null = null;
  const dayRow = (at: string) => {
    if (before === null || dayKey(before.at) !== dayKey(at))
      rows.push({ kind: "day", key: `day ${dayKey(at)}`, at });
  };
  for (const message of t.messages) {
    dayRow(message.at);
    const near = before !== null && Date.parse(message.at) - Date.parse(before.at) < togetherMs;
    const follows = near && before?.role === message.role && rows.at(-1)?.kind === "message";
    // One key from the bubble of this device to the message of the mailbox: the row never remounts.
    rows.push({ kind: "message", key: message.clientId ?? message.id, message, follows });
    before = message;
  }
  for (const pending of t.pending) {
    dayRow(pending.at);
    rows.push({ kind: "pending", key: pending.clientId, pending });
    before = { at: pending.at, role: "user" };
  }
  const { running } = t;
  const waits = awaiting(t);
  if (running)
    rows.push({ kind: "running", key: "running", running, stopped: running.replyTo === t.stopped });
  else if (waits && waits.id !== t.stopped) rows.push({ kind: "waiting", key: "waiting", message: waits });
  return rows;
}

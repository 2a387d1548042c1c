import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "@molt/contract";
import { rowsOf } from "./rows.ts";
import { empty, type Transcript } from "./transcript.ts";

const message = (seq: number, role: "user" | "bot", more: Partial<Message> & { at: string }): Message => ({
  id: `m${seq}`,
  seq,
  role,
  text: "x",
  state: role === "user" ? "answered" : "final",
  clientId: role === "user" ? `c${seq}` : null,
  replyTo: null,
  ...more,
});
const kinds = (t: Partial<Transcript>) => rowsOf({ ...empty, ...t }).map((r) => r.kind);

test("a day stands before its first message only", () => {
  const messages = [
    message(1, "user", { at: "2026-11-20T10:00:00Z" }),
    message(2, "bot", { at: "2026-11-20T10:00:05Z" }),
    message(3, "user", { at: "2026-11-22T09:00:00Z" }),
  ];
  assert.deepEqual(kinds({ messages }), ["day", "message", "message", "day", "message"]);
});

test("two messages of one side within minutes belong together, across sides or hours they do not", () => {
  const messages = [
    message(1, "bot", { at: "2026-11-22T10:00:00Z" }),
    message(2, "bot", { at: "2026-11-22T10:01:00Z" }),
    message(3, "user", { at: "2026-11-22T10:01:30Z" }),
    message(4, "bot", { at: "2026-11-22T11:00:00Z" }),
  ];
  const follows = rowsOf({ ...empty, messages }).flatMap((r) => (r.kind === "message" ? [r.follows] : []));
  assert.deepEqual(follows, [false, true, false, false]);
});

test("a bubble keeps its key when the mailbox takes it over", () => {
  const pending = {
    clientId: "c1",
    text: "x",
    at: "2026-11-22T10:00:00Z",
    state: "queued" as const,
    reason: null,
  };
  const before = rowsOf({ ...empty, pending: [pending] }).at(-1);
  const after = rowsOf({ ...empty, messages: [message(1, "user", { at: "2026-11-22T10:00:00Z" })] }).at(-1);
  assert.equal(before?.key, after?.key);
});

test("an unanswered message has a line of waiting, until a word is said or it was stopped", () => {
  const messages = [message(1, "user", { at: "2026-11-22T10:00:00Z", state: "delivered" })];
  assert.equal(kinds({ messages }).at(-1), "waiting");
  const running = { replyTo: "m1", text: "", activity: null, since: "2026-11-22T10:00:01Z", doubtful: false };
  assert.equal(kinds({ messages, running }).at(-1), "running");
  assert.equal(kinds({ messages, stopped: "m1" }).at(-1), "message");
});

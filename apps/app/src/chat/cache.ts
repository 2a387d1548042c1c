/**
 * The last messages and what is not sent yet, on this device: painted before the socket opens, and
 * safe from a reload. Written per user, cleared on sign-out. What cannot be read is dropped: the api
 * has it all, only unsent words live here alone.
 */
import { message, type Message } from "@molt/contract";
import { readSetting, writeSetting } from "../session/settings-store.ts";
import type { Pending } from "./transcript.ts";

const keep = 50;
const key = (userId: string, what: "messages" | "outbox" | "draft") => `molt.chat.${userId}.${what}`;

export function readMessages(userId: string): Message[] {
  const found = parse(readSetting(key(userId, "messages")));
  if (!Array.isArray(found)) return [];
  const messages = found.map((item) => message.safeParse(item));
  return messages.every((m) => m.success) ? messages.map((m) => m.data) : [];
}

export function writeMessages(userId: string, messages: readonly Message[]): void {
  writeSetting(key(userId, "messages"), JSON.stringify(messages.slice(-keep)));
}

export function readOutbox(userId: string): Pending[] {
  const found = parse(readSetting(key(userId, "outbox")));
  return Array.isArray(found) ? found.filter(isPending) : [];
}

export function writeOutbox(userId: string, pending: readonly Pending[]): void {
  writeSetting(key(userId, "outbox"), pending.length === 0 ? null : JSON.stringify(pending));
}

export function readDraft(userId: string): string {
  return readSetting(key(userId, "draft")) ?? "";
}

export function writeDraft(userId: string, text: string): void {
  writeSetting(key(userId, "draft"), text === "" ? null : text);
}

function isPending(value: unknown): value is Pending {
  const p = (value ?? {}) as Partial<Record<keyof Pending, unknown>>;
  return (
    typeof p.clientId === "string" &&
    typeof p.text === "string" &&
    typeof p.at === "string" &&
    typeof p.state === "string"
  );
}

function parse(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    // Half written, or not ours.
    return null;
  }
}

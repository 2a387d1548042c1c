/**
 * Finds what the person said. OpenClaw ends a prompt with two user messages, the second of which is
 * its own context between markers, and puts the time or the channel before a message. None of that
 * is to be answered.
 */
import type { Prompt, Turn } from "./prompt.ts";

const WRAPPED = [
  /<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>[\s\S]*?(?:<<<END_OPENCLAW_INTERNAL_CONTEXT>>>|$)/g,
  /<system-reminder>[\s\S]*?(?:<\/system-reminder>|$)/g,
  /^OpenClaw runtime (?:context|event)[^\n]*\n?/gm,
  /^This context is runtime-generated[^\n]*\n?/gm,
  /^[A-Z][\w ]* \(untrusted[^)\n]*\):\s*```(?:json)?\n[\s\S]*?```/gm,
];
/** `[Sun 2026-11-22 21:00 UTC] ` and `[cron:id name] `. */
const STAMP = /^\s*\[(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) \d{4}-\d\d-\d\d|cron:)[^\]]*\]\s*/;

export interface Person {
  /** Empty when no person wrote anything. */
  words: string;
  /** What happened since: the bot's tool calls and what the tools answered. */
  since: Turn[];
}

export function findPerson(prompt: Prompt): Person {
  for (let at = prompt.turns.length - 1; at >= 0; at -= 1) {
    const turn = prompt.turns[at];
    if (turn?.role !== "user") continue;
    for (const text of turn.texts.toReversed()) {
      const words = unwrap(text);
      if (words !== "") return { words, since: prompt.turns.slice(at + 1) };
    }
  }
  return { words: "", since: [] };
}

function unwrap(text: string): string {
  let clean = text;
  for (const pattern of WRAPPED) clean = clean.replace(pattern, "");
  return clean.trim().replace(STAMP, "").trim();
}

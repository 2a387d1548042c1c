/**
 * What started a call that no message started, going by the words with which OpenClaw begins such a
 * turn. Only a hint for the bill's division: that a person asked is decided by the trace id in the
 * reservation, so a bot that lies here gains nothing.
 */
import type { UnattendedCause } from "./table.ts";

/**
 * Openings of a turn's prompt in openclaw 2026.9.6 (dist: isolated-agent, heartbeat,
 * heartbeat-events-filter, sessions-spawn-tool); fixtures/openclaw-calls.json has them from a real
 * bot. A person's words never begin like this: OpenClaw puts the time in front of them.
 */
const OPENINGS: readonly (readonly [opening: string, cause: UnattendedCause])[] = [
  ["[cron:", "cron"],
  ["A scheduled reminder has been triggered.", "cron"],
  ["A scheduled cron event was triggered", "cron"],
  ["Follow the heartbeat monitor scratch context", "heartbeat"],
];
/** A sub-agent's task carries the time as a message does. */
const SUBAGENT =
  /^(?:\[[A-Z][a-z]{2} \d{4}-\d\d-\d\d \d\d:\d\d [^\]]{1,40}\] )?\[Subagent Context\] You are running as a subagent/;
/** State that OpenClaw adds behind the prompt of every call. */
const INTERNAL = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>";

/** @param turns `messages` or `input` of a request, as parsed. Undefined: nothing known begins this turn. */
export function readCause(turns: unknown): UnattendedCause | undefined {
  const prompt = lastPrompt(turns);
  if (prompt === undefined) return undefined;
  if (SUBAGENT.test(prompt)) return "subagent";
  return OPENINGS.find(([opening]) => prompt.startsWith(opening))?.[1];
}

/** The last text somebody put to the model: no tool's result, and not what OpenClaw adds by itself. */
function lastPrompt(turns: unknown): string | undefined {
  if (typeof turns === "string") return turns;
  if (!Array.isArray(turns)) return undefined;
  for (let at = turns.length - 1; at >= 0; at -= 1) {
    const turn: unknown = turns[at];
    if (!isRecord(turn) || turn["role"] !== "user") continue;
    const text = textOf(turn["content"]);
    if (text !== undefined) return text;
  }
  return undefined;
}

function textOf(content: unknown): string | undefined {
  if (typeof content === "string") return content.startsWith(INTERNAL) ? undefined : content;
  if (!Array.isArray(content)) return undefined;
  for (const part of content as unknown[]) {
    const text = isRecord(part) ? part["text"] : undefined;
    if (typeof text === "string" && !text.startsWith(INTERNAL)) return text;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Turns what the script says into a reply with counted tokens, cut where max_tokens ends. */
import { randomUUID } from "node:crypto";
import type { Prompt, Reply, Usage } from "./prompt.ts";
import { speak } from "./script.ts";
import { countTokens, tokenize } from "./tokens.ts";

export interface Counted {
  reply: Reply;
  output: number;
  thinking: number;
}

/** @param fixed a text to say instead of the script's (tests). */
export function buildReply(prompt: Prompt, fixed: string | undefined): Counted {
  const line = fixed === undefined ? speak(prompt) : { thought: "", text: fixed };
  const limit = prompt.maxTokens ?? Number.MAX_SAFE_INTEGER;
  const thoughts = prompt.thinking ? tokenize(line.thought).slice(0, limit) : [];
  const words = tokenize(line.text);
  const said = words.slice(0, limit - thoughts.length);
  const callTokens = line.call
    ? countTokens(line.call.name) + countTokens(JSON.stringify(line.call.input))
    : 0;
  const total = thoughts.length + words.length + callTokens;
  const whole = total <= limit;
  const call = whole && line.call ? { id: randomUUID().replaceAll("-", ""), ...line.call } : undefined;
  return {
    reply: {
      thought: thoughts.join(""),
      text: said.join(""),
      call,
      stop: whole ? (call ? "tool" : "end") : "length",
    },
    output: thoughts.length + said.length + (call ? callTokens : 0),
    thinking: thoughts.length,
  };
}

export function inputTokens(usage: Usage): number {
  return usage.uncached + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h;
}

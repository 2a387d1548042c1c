/** Plans a whole answer before its first byte: what is sent, and what goes into the truth log. */
import { createHash } from "node:crypto";
import { type Answer, messageBody, messageFrames, readMessages } from "./anthropic.ts";
import type { PrefixCache } from "./cache.ts";
import { completionBody, completionFrames, readCompletion } from "./completions.ts";
import type { PlannedFaults } from "./faults.ts";
import type { Frame, Json, Prompt, Usage } from "./prompt.ts";
import { BadRequest } from "./prompt.ts";
import { buildReply } from "./reply.ts";
import { readResponse, responseBody, responseFrames } from "./responses.ts";
import { tokensBefore } from "./send.ts";
import type { TruthEntry } from "./truth.ts";

export interface Format {
  family: "anthropic" | "openai";
  read(body: Json): Prompt;
  body(answer: Answer): Json;
  frames(answer: Answer): Frame[];
}

export const formats: Readonly<Record<string, Format>> = {
  "/v1/messages": {
    family: "anthropic",
    read(body) {
      const prompt = readMessages(body);
      if (prompt.maxTokens === undefined) throw new BadRequest("max_tokens: Field required");
      return prompt;
    },
    body: messageBody,
    frames: messageFrames,
  },
  "/v1/chat/completions": {
    family: "openai",
    read: readCompletion,
    body: completionBody,
    frames: completionFrames,
  },
  "/v1/responses": { family: "openai", read: readResponse, body: responseBody, frames: responseFrames },
};

/** Stands where a test wants nonsense, until the JSON is written: nonsense need not be JSON. */
const NONSENSE = "@nonsense@";

export interface AnswerPlan {
  /** One frame holds the whole body when the answer is not streamed. */
  frames: Frame[];
  truth: TruthEntry;
}

export interface PlanOptions {
  requestId: string;
  prompt: Prompt;
  format: Format;
  cache: PrefixCache;
  planned: PlannedFaults;
}

export function planAnswer({ requestId, prompt, format, cache, planned }: PlanOptions): AnswerPlan {
  const counted = buildReply(prompt, planned.get("reply")?.text);
  const now = Date.now();
  const input =
    format.family === "anthropic" ? cache.countMarked(prompt, now) : cache.countAutomatic(prompt, now);
  const usage: Usage = { ...input, output: counted.output, thinking: counted.thinking };
  const nonsense = planned.get("usage")?.tokens;
  const reported = nonsense === undefined ? usage.output : NONSENSE;
  const answering = { ...prompt, model: planned.get("model")?.model ?? prompt.model };
  const answer: Answer = {
    id: requestId.slice(4),
    prompt: answering,
    reply: counted.reply,
    usage,
    reported,
  };
  const frames = prompt.stream
    ? withError(format.frames(answer), planned.get("error")?.message)
    : [{ bytes: JSON.stringify(format.body(answer)), output: usage.output, paced: false }];
  const sent = frames.map((frame) => ({ ...frame, bytes: put(frame.bytes, nonsense) }));
  const cut = planned.get("cut")?.afterBytes;
  const output = cut === undefined ? (sent.at(-1)?.output ?? 0) : tokensBefore(sent, cut);
  const hash = createHash("sha256");
  for (const frame of sent) hash.update(frame.bytes);
  const at = new Date(now).toISOString();
  const truth = {
    requestId,
    model: answering.model,
    usage: { ...usage, output },
    sha256: hash.digest("hex"),
    at,
  };
  return { frames: sent, truth };
}

function put(bytes: string, nonsense: string | undefined): string {
  return nonsense === undefined ? bytes : bytes.replaceAll(`"${NONSENSE}"`, nonsense);
}

/** The provider's error event after the first word, and nothing after it. */
function withError(frames: Frame[], message: string | undefined): Frame[] {
  if (message === undefined) return frames;
  const first = frames.findIndex((frame) => frame.paced) + 1;
  const data = { type: "error", error: { type: "overloaded_error", message } };
  const output = frames[first - 1]?.output ?? 0;
  return [
    ...frames.slice(0, first),
    { bytes: `event: error\ndata: ${JSON.stringify(data)}\n\n`, output, paced: false },
  ];
}

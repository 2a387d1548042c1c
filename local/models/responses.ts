/** OpenAI Responses: https://platform.openai.com/docs/api-reference/responses. */
import type { Answer } from "./anthropic.ts";
import {
  type Frame,
  isObject,
  type Json,
  objects,
  parameterNames,
  type Prompt,
  readArguments,
  readMaxTokens,
  readModel,
  type Turn,
} from "./prompt.ts";
import { inputTokens } from "./reply.ts";
import { countTokens, tokenize } from "./tokens.ts";

export function readResponse(body: Json): Prompt {
  const { input } = body;
  const items = typeof input === "string" ? [{ role: "user", content: input }] : objects(input, "input");
  const tools = objects(body["tools"], "tools");
  const instructions = typeof body["instructions"] === "string" ? [{ text: body["instructions"] }] : [];
  return {
    model: readModel(body),
    stream: body["stream"] === true,
    maxTokens: readMaxTokens(body, "max_output_tokens"),
    segments: [
      ...tools.map((tool) => ({ text: JSON.stringify(tool) })),
      ...instructions,
      ...items.map((item) => ({ text: JSON.stringify(item) })),
    ],
    turns: items.filter((item) => item["role"] !== "system" && item["role"] !== "developer").map(turn),
    tools: tools.map((tool) => ({
      name: String(tool["name"]),
      parameters: parameterNames(tool["parameters"]),
    })),
    thinking: false,
    includeUsage: true,
  };
}

function turn(item: Json): Turn {
  const base: Turn = {
    role: item["role"] === "user" ? "user" : "assistant",
    texts: [],
    calls: [],
    results: [],
  };
  if (item["type"] === "function_call") {
    const call = {
      id: String(item["call_id"]),
      name: String(item["name"]),
      input: readArguments(item["arguments"]),
    };
    return { ...base, calls: [call] };
  }
  if (item["type"] === "function_call_output") {
    const { output } = item;
    return { ...base, role: "user", results: [typeof output === "string" ? output : partsText(output)] };
  }
  const { content } = item;
  return { ...base, texts: typeof content === "string" ? [content] : partsOf(content) };
}

function partsOf(content: unknown): string[] {
  if (!Array.isArray(content)) return [];
  return content.flatMap((part: unknown) =>
    isObject(part) && typeof part["text"] === "string" ? [part["text"]] : [],
  );
}

function partsText(content: unknown): string {
  return partsOf(content).join("\n");
}

function outputItems({ id, reply }: Answer): Json[] {
  const items: Json[] = [];
  if (reply.text !== "" || !reply.call) {
    const part = { type: "output_text", text: reply.text, annotations: [] };
    items.push({ id: `msg_${id}`, type: "message", role: "assistant", status: "completed", content: [part] });
  }
  if (reply.call) {
    const { id: callId, name, input } = reply.call;
    const call = { call_id: `call_${callId}`, name, arguments: JSON.stringify(input), status: "completed" };
    items.push({ id: `fc_${callId}`, type: "function_call", ...call });
  }
  return items;
}

export function responseBody(answer: Answer): Json {
  const { id, prompt, reply, usage, reported } = answer;
  const input = inputTokens(usage);
  const cut = reply.stop === "length";
  return {
    id: `resp_${id}`,
    object: "response",
    created_at: Math.floor(Date.now() / 1000),
    model: prompt.model,
    status: cut ? "incomplete" : "completed",
    incomplete_details: cut ? { reason: "max_output_tokens" } : null,
    error: null,
    output: outputItems(answer),
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: usage.cacheRead },
      output_tokens: reported,
      output_tokens_details: { reasoning_tokens: usage.thinking },
      total_tokens: typeof reported === "number" ? input + reported : reported,
    },
  };
}

export function responseFrames(answer: Answer): Frame[] {
  const { reply } = answer;
  const frames: Frame[] = [];
  let output = 0;
  let sequence = 0;
  const event = (type: string, data: Json, tokens = 0) => {
    output += tokens;
    const bytes = `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence, ...data })}\n\n`;
    frames.push({ bytes, output, paced: tokens > 0 });
    sequence += 1;
  };
  const final = responseBody(answer);
  const begun = { ...final, status: "in_progress", incomplete_details: null, output: [], usage: null };
  event("response.created", { response: begun });
  event("response.in_progress", { response: begun });
  outputItems(answer).forEach((item, at) => {
    const where = { item_id: item["id"], output_index: at };
    if (item["type"] === "message") {
      const empty = { type: "output_text", text: "", annotations: [] };
      const part = { ...empty, text: reply.text };
      event("response.output_item.added", {
        output_index: at,
        item: { ...item, status: "in_progress", content: [] },
      });
      event("response.content_part.added", { ...where, content_index: 0, part: empty });
      for (const delta of tokenize(reply.text)) {
        event("response.output_text.delta", { ...where, content_index: 0, delta }, 1);
      }
      event("response.output_text.done", { ...where, content_index: 0, text: reply.text });
      event("response.content_part.done", { ...where, content_index: 0, part });
    } else {
      const tokens = countTokens(String(item["name"])) + countTokens(String(item["arguments"]));
      event("response.output_item.added", {
        output_index: at,
        item: { ...item, status: "in_progress", arguments: "" },
      });
      event("response.function_call_arguments.delta", { ...where, delta: item["arguments"] }, tokens);
      event("response.function_call_arguments.done", { ...where, arguments: item["arguments"] });
    }
    event("response.output_item.done", { output_index: at, item });
  });
  event(reply.stop === "length" ? "response.incomplete" : "response.completed", { response: final });
  return frames;
}

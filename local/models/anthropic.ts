/** Anthropic Messages: https://docs.anthropic.com/en/api/messages and /messages-streaming. */
import {
  BadRequest,
  type Frame,
  isObject,
  type Json,
  objects,
  parameterNames,
  type Prompt,
  readMaxTokens,
  readModel,
  type Reply,
  type Segment,
  type Turn,
  type Usage,
} from "./prompt.ts";
import { countTokens, tokenize } from "./tokens.ts";

export function readMessages(body: Json): Prompt {
  const model = readModel(body);
  const maxTokens = readMaxTokens(body, "max_tokens");
  const tools = objects(body["tools"], "tools");
  const messages = objects(body["messages"], "messages");
  if (messages.length === 0) throw new BadRequest("messages: at least one message is required");
  const system =
    typeof body["system"] === "string"
      ? [{ type: "text", text: body["system"] }]
      : objects(body["system"], "system");
  const thinking = isObject(body["thinking"]) && body["thinking"]["type"] !== "disabled";
  return {
    model,
    stream: body["stream"] === true,
    maxTokens,
    segments: [...tools.map(segment), ...system.map(segment), ...messages.flatMap(messageSegments)],
    turns: messages.map(turn),
    tools: tools.map((tool) => ({
      name: String(tool["name"]),
      parameters: parameterNames(tool["input_schema"]),
    })),
    thinking,
    includeUsage: true,
  };
}

function segment(block: Json): Segment {
  const { cache_control: control, ...rest } = block;
  const text = typeof rest["text"] === "string" ? rest["text"] : JSON.stringify(rest);
  if (!isObject(control)) return { text };
  return { text, cache: control["ttl"] === "1h" ? "1h" : "5m" };
}

function messageSegments(message: Json): Segment[] {
  const { content } = message;
  return typeof content === "string"
    ? [{ text: content }]
    : objects(content, "messages.content").map(segment);
}

function turn(message: Json): Turn {
  const role = message["role"];
  if (role !== "user" && role !== "assistant" && role !== "system") {
    throw new BadRequest("messages: role must be user or assistant");
  }
  const { content } = message;
  const blocks =
    typeof content === "string" ? [{ type: "text", text: content }] : objects(content, "messages.content");
  const result: Turn = { role: role === "user" ? "user" : "assistant", texts: [], calls: [], results: [] };
  for (const block of blocks) {
    if (block["type"] === "text" && typeof block["text"] === "string") result.texts.push(block["text"]);
    if (block["type"] === "tool_result") result.results.push(textOf(block["content"]));
    if (block["type"] === "tool_use") {
      const input = isObject(block["input"]) ? block["input"] : {};
      result.calls.push({ id: String(block["id"]), name: String(block["name"]), input });
    }
  }
  return result;
}

function textOf(content: unknown): string {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content
    .map((part: unknown) => (isObject(part) && typeof part["text"] === "string" ? part["text"] : ""))
    .join("\n");
}

/** `output_tokens` is passed on its own, so that a test can put nonsense there. */
function usageJson(usage: Usage, outputTokens: unknown): Json {
  return {
    input_tokens: usage.uncached,
    cache_creation_input_tokens: usage.cacheWrite5m + usage.cacheWrite1h,
    cache_read_input_tokens: usage.cacheRead,
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWrite5m,
      ephemeral_1h_input_tokens: usage.cacheWrite1h,
    },
    output_tokens: outputTokens,
    service_tier: "standard",
  };
}

function stopReason(reply: Reply): string {
  return { end: "end_turn", tool: "tool_use", length: "max_tokens" }[reply.stop];
}

export interface Answer {
  id: string;
  prompt: Prompt;
  reply: Reply;
  usage: Usage;
  /** What stands where the number of output tokens belongs. */
  reported: unknown;
}

export function messageBody({ id, prompt, reply, usage, reported }: Answer): Json {
  const content: Json[] = [];
  if (reply.thought !== "")
    content.push({ type: "thinking", thinking: reply.thought, signature: signature(id) });
  if (reply.text !== "") content.push({ type: "text", text: reply.text });
  if (reply.call) {
    content.push({
      type: "tool_use",
      id: `toolu_${reply.call.id}`,
      name: reply.call.name,
      input: reply.call.input,
    });
  }
  return {
    id: `msg_${id}`,
    type: "message",
    role: "assistant",
    model: prompt.model,
    content,
    stop_reason: stopReason(reply),
    stop_sequence: null,
    usage: usageJson(usage, reported),
  };
}

export function messageFrames(answer: Answer): Frame[] {
  const { id, prompt, reply, usage, reported } = answer;
  const frames: Frame[] = [];
  const first = Math.min(1, usage.output);
  let output = 0;
  let index = -1;
  const event = (type: string, data: Json, tokens = 0) => {
    output += tokens;
    const bytes = `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
    // The first token is reported, and billed, before it is sent.
    frames.push({ bytes, output: Math.max(first, output), paced: tokens > 0 });
  };
  const block = (start: Json, deltas: { delta: Json; tokens: number }[]) => {
    index += 1;
    event("content_block_start", { index, content_block: start });
    for (const { delta, tokens } of deltas) event("content_block_delta", { index, delta }, tokens);
    event("content_block_stop", { index });
  };
  const message = { id: `msg_${id}`, type: "message", role: "assistant", model: prompt.model, content: [] };
  event("message_start", {
    message: { ...message, stop_reason: null, stop_sequence: null, usage: usageJson(usage, first) },
  });
  event("ping", {});
  if (reply.thought !== "") {
    const words = tokenize(reply.thought).map((thinking) => ({
      delta: { type: "thinking_delta", thinking },
      tokens: 1,
    }));
    const signed = { delta: { type: "signature_delta", signature: signature(id) }, tokens: 0 };
    block({ type: "thinking", thinking: "", signature: "" }, [...words, signed]);
  }
  if (reply.text !== "") {
    const words = tokenize(reply.text).map((text) => ({ delta: { type: "text_delta", text }, tokens: 1 }));
    block({ type: "text", text: "" }, words);
  }
  if (reply.call) {
    const json = JSON.stringify(reply.call.input);
    const start = { type: "tool_use", id: `toolu_${reply.call.id}`, name: reply.call.name, input: {} };
    const tokens = countTokens(reply.call.name) + countTokens(json);
    block(start, [{ delta: { type: "input_json_delta", partial_json: json }, tokens }]);
  }
  const end = {
    delta: { stop_reason: stopReason(reply), stop_sequence: null },
    usage: usageJson(usage, reported),
  };
  event("message_delta", end);
  event("message_stop", {});
  return frames;
}

/** Opaque to clients; real ones sign the thought so that it can be sent back. */
function signature(id: string): string {
  return Buffer.from(`demo:${id}`).toString("base64");
}

/** OpenAI Chat Completions: https://platform.openai.com/docs/api-reference/chat. */
import type { Answer } from "./anthropic.ts";
import {
  BadRequest,
  type Frame,
  isObject,
  type Json,
  objects,
  parameterNames,
  type Prompt,
  readArguments,
  readMaxTokens,
  readModel,
  type Reply,
  type Turn,
  type Usage,
} from "./prompt.ts";
import { inputTokens } from "./reply.ts";
import { countTokens, tokenize } from "./tokens.ts";

export function readCompletion(body: Json): Prompt {
  const messages = objects(body["messages"], "messages");
  if (messages.length === 0) throw new BadRequest("messages: at least one message is required");
  const tools = objects(body["tools"], "tools");
  const options = isObject(body["stream_options"]) ? body["stream_options"] : {};
  return {
    model: readModel(body),
    stream: body["stream"] === true,
    maxTokens: readMaxTokens(body, "max_completion_tokens", "max_tokens"),
    segments: [...tools, ...messages].map((part) => ({ text: JSON.stringify(part) })),
    turns: messages
      .filter((message) => message["role"] !== "system" && message["role"] !== "developer")
      .map(turn),
    tools: tools.map(({ function: offer }) =>
      isObject(offer)
        ? { name: String(offer["name"]), parameters: parameterNames(offer["parameters"]) }
        : { name: "", parameters: [] },
    ),
    thinking: false,
    includeUsage: options["include_usage"] === true,
  };
}

function turn(message: Json): Turn {
  const { role, content } = message;
  const parts =
    typeof content === "string"
      ? [content]
      : objects(content, "messages.content").map((part) => part["text"]);
  const texts = parts.filter((text) => typeof text === "string");
  if (role === "tool") return { role: "user", texts: [], calls: [], results: [texts.join("\n")] };
  const calls = objects(message["tool_calls"], "messages.tool_calls").map((call) => {
    const fn = isObject(call["function"]) ? call["function"] : {};
    return { id: String(call["id"]), name: String(fn["name"]), input: readArguments(fn["arguments"]) };
  });
  return { role: role === "user" ? "user" : "assistant", texts, calls, results: [] };
}

export function completionUsage(usage: Usage, reported: unknown): Json {
  const input = inputTokens(usage);
  return {
    prompt_tokens: input,
    completion_tokens: reported,
    total_tokens: typeof reported === "number" ? input + reported : reported,
    prompt_tokens_details: { cached_tokens: usage.cacheRead, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: usage.thinking, audio_tokens: 0 },
  };
}

function finishReason(reply: Reply): string {
  return { end: "stop", tool: "tool_calls", length: "length" }[reply.stop];
}

function toolCall(reply: Reply): Json | undefined {
  if (!reply.call) return undefined;
  const { id, name, input } = reply.call;
  return { id: `call_${id}`, type: "function", function: { name, arguments: JSON.stringify(input) } };
}

export function completionBody({ id, prompt, reply, usage, reported }: Answer): Json {
  const call = toolCall(reply);
  const message = {
    role: "assistant",
    content: reply.text === "" && call ? null : reply.text,
    ...(call ? { tool_calls: [call] } : {}),
  };
  return {
    id: `chatcmpl-${id}`,
    object: "chat.completion",
    created: Math.floor(Date.now() / 1000),
    model: prompt.model,
    choices: [{ index: 0, message, finish_reason: finishReason(reply) }],
    usage: completionUsage(usage, reported),
  };
}

export function completionFrames({ id, prompt, reply, usage, reported }: Answer): Frame[] {
  const frames: Frame[] = [];
  const created = Math.floor(Date.now() / 1000);
  const head = { id: `chatcmpl-${id}`, object: "chat.completion.chunk", created, model: prompt.model };
  let output = 0;
  const chunk = (rest: Json, tokens = 0) => {
    output += tokens;
    const nothingYet = prompt.includeUsage ? { usage: null } : {};
    frames.push({
      bytes: `data: ${JSON.stringify({ ...head, ...nothingYet, ...rest })}\n\n`,
      output,
      paced: tokens > 0,
    });
  };
  const delta = (content: Json, tokens = 0) =>
    chunk({ choices: [{ index: 0, delta: content, finish_reason: null }] }, tokens);
  delta({ role: "assistant", content: "" });
  for (const content of tokenize(reply.text)) delta({ content }, 1);
  const call = toolCall(reply);
  if (call && reply.call) {
    const tokens = countTokens(reply.call.name) + countTokens(JSON.stringify(reply.call.input));
    delta({ tool_calls: [{ index: 0, ...call }] }, tokens);
  }
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: finishReason(reply) }] });
  if (prompt.includeUsage) chunk({ choices: [], usage: completionUsage(usage, reported) });
  frames.push({ bytes: "data: [DONE]\n\n", output, paced: false });
  return frames;
}

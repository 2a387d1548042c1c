/**
 * What a request may ask for. Only fields are let through that are known to be billed by the tokens of
 * this answer, at the price of the model that was asked: providers add fields faster than prices are
 * known, and one that was not thought of must not be free (reference: runtime, section 4). Names are
 * those of the official clients, @anthropic-ai/sdk 0.125 and openai 7.15, and of what the common servers
 * for open models add.
 */
import type { ModelApi } from "./providers.ts";
import { badRequest, type CallRefused } from "./refusals.ts";

type Json = Record<string, unknown>;

const ALLOWED: Record<ModelApi, ReadonlySet<string>> = {
  "anthropic-messages": words(`model max_tokens messages system tools tool_choice thinking stream temperature
    top_p top_k stop_sequences metadata service_tier speed cache_control context_management output_config
    output_format`),
  "openai-completions":
    words(`model messages stream stream_options max_completion_tokens max_tokens n temperature
    top_p stop presence_penalty frequency_penalty logit_bias logprobs top_logprobs user safety_identifier seed
    prompt_cache_key prompt_cache_retention prompt_cache_options tools tool_choice parallel_tool_calls functions
    function_call response_format reasoning_effort verbosity metadata store modalities service_tier
    reasoning thinking think enable_thinking chat_template_kwargs top_k min_p repetition_penalty`),
  "openai-responses":
    words(`model input instructions stream stream_options max_output_tokens temperature top_p
    top_logprobs tools tool_choice parallel_tool_calls reasoning text truncation include metadata store user
    safety_identifier prompt_cache_key prompt_cache_retention prompt_cache_options service_tier`),
};

function words(text: string): ReadonlySet<string> {
  return new Set(text.split(/\s+/));
}

/** Client-side tools of the providers: run by the bot, billed as tokens. All others are functions. */
const CLIENT_TOOLS =
  /^(custom|function|bash_\d+|text_editor_\d+|computer_\d+|memory_\d+|local_shell|shell|apply_patch|namespace|tool_search)$/;
const FUNCTIONS: readonly unknown[] = [undefined, null, "custom", "function"];
const FREE_TIERS: readonly unknown[] = [undefined, null, "auto", "default", "standard", "standard_only"];

/** What the provider puts in front of a prompt for each kind of tool that it knows by itself, in tokens. */
const OWN_TOOL_TOKENS = 2_000;

function notHere(what: string): CallRefused {
  return badRequest(`${what} is not available on this platform.`);
}

/**
 * @returns tokens that the provider adds to the prompt for tools of its own.
 * @throws {CallRefused} 400 with what is not available.
 */
export function checkFields(api: ModelApi, body: Json): number {
  const allowed = ALLOWED[api];
  for (const [name, value] of Object.entries(body))
    if (!allowed.has(name) && isSet(value)) throw notHere(JSON.stringify(name.slice(0, 100)));
  if (!FREE_TIERS.includes(body["service_tier"]))
    throw notHere(`service_tier ${JSON.stringify(body["service_tier"])}`);
  if (isSet(body["speed"]) && body["speed"] !== "standard") throw notHere("speed");
  // A server that reads a text as yes would stream without the usage that was not asked for.
  if (typeof (body["stream"] ?? false) !== "boolean") throw badRequest("stream: expected true or false");
  checkModes(body);
  return checkTools(body["tools"]);
}

function checkModes(body: Json): void {
  const { modalities, reasoning, context_management: edits } = body;
  if (isSet(modalities) && !(Array.isArray(modalities) && modalities.every((kind) => kind === "text")))
    throw notHere("modalities other than text");
  // Several passes behind one answer, which its numbers do not show.
  if (isObject(reasoning) && isSet(reasoning["mode"]) && reasoning["mode"] !== "standard")
    throw notHere("reasoning.mode");
  // A compaction is a call of its own that is not in the answer's usage; clearing costs nothing.
  const listed = isObject(edits) ? edits["edits"] : edits;
  const clears = (edit: unknown) => isObject(edit) && /^clear_/.test(String(edit["type"]));
  if (isSet(listed) && !(Array.isArray(listed) && listed.every(clears)))
    throw notHere("context_management other than clearing");
}

/** Wherever tools are offered: searches, containers and the like are billed by something else than tokens. */
export function checkTools(tools: unknown): number {
  let tokens = 0;
  for (const tool of Array.isArray(tools) ? (tools as unknown[]) : []) {
    if (!isObject(tool)) continue;
    const { type, environment } = tool;
    if (FUNCTIONS.includes(type)) continue;
    if (typeof type !== "string" || !CLIENT_TOOLS.test(type))
      throw notHere(`The tool type ${JSON.stringify(type)}`);
    if (isSet(environment) && !(isObject(environment) && environment["type"] === "local"))
      throw notHere("A tool in a container");
    tokens += OWN_TOOL_TOKENS + checkTools(tool["tools"]);
  }
  return tokens;
}

export function isSet(value: unknown): boolean {
  return (
    value !== undefined && value !== null && value !== false && !(Array.isArray(value) && value.length === 0)
  );
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

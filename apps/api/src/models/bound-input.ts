/**
 * How many tokens the input of a request may have, and how many it has at least. No text has more
 * tokens than bytes. Pictures are bounded by what providers count for one and not by their bytes;
 * documents and files may hold anything, so only the model's window bounds those. What is not known
 * counts like a document or is refused: whatever escapes the bound escapes every cap.
 */
import { checkTools, isObject } from "./check-fields.ts";
import type { ModelApi } from "./providers.ts";
import { badRequest } from "./refusals.ts";

type Json = Record<string, unknown>;

/**
 * Tokens of one picture, whatever its size in bytes. Providers scale pictures down first; 1,600 to
 * 4,800 tokens at Anthropic, up to about 10,000 for a large one in full detail at OpenAI.
 */
const PICTURE_TOKENS = 16_000;
/** gpt-4o-mini counts a picture's tiles many times: 2,833 + 8 x 5,667 for the largest. */
const DEAR_PICTURE_TOKENS = 50_000;
const DEAR_PICTURES = /gpt-4o-mini/;
const WHOLE_WINDOW = Number.MAX_SAFE_INTEGER;

/** Parts that are text, whatever else they hold: their bytes bound them. */
const TEXT_PARTS: ReadonlySet<string> = new Set(
  `text input_text output_text refusal thinking redacted_thinking tool_use tool_reference`.split(" "),
);
const PICTURES: ReadonlySet<string> = new Set(["image", "image_url", "input_image", "computer_screenshot"]);
const DOCUMENTS: ReadonlySet<string> = new Set(["document", "file", "input_file", "search_result"]);
/** Of the Responses api: what a turn may consist of besides messages. */
const ITEMS: ReadonlySet<string> = new Set(
  `function_call function_call_output custom_tool_call custom_tool_call_output local_shell_call
  local_shell_call_output shell_call shell_call_output apply_patch_call apply_patch_call_output computer_call
  computer_call_output tool_search_call`.split(/\s+/),
);

/** @throws {CallRefused} 400 for sound, film, stored items and hosted tools, whose price nobody can bound. */
export function boundInput(api: ModelApi, body: Json, bytes: number): number {
  const bound = new Bound(
    bytes,
    DEAR_PICTURES.test(String(body["model"])) ? DEAR_PICTURE_TOKENS : PICTURE_TOKENS,
  );
  if (api === "openai-responses") bound.addItems(body["input"]);
  else
    for (const message of list(body["messages"]))
      bound.addContent(isObject(message) ? message["content"] : "");
  bound.addContent(body["system"]);
  return Math.max(0, bound.tokens);
}

class Bound {
  tokens: number;
  readonly #picture: number;

  constructor(bytes: number, picture: number) {
    this.tokens = bytes;
    this.#picture = picture;
  }

  /** Text, or parts of it. */
  addContent(content: unknown): void {
    for (const part of list(content)) this.#addPart(part);
  }

  addItems(input: unknown): void {
    for (const item of list(input)) {
      if (!isObject(item)) continue;
      const { type } = item;
      if (type === undefined || type === "message") {
        // Without words of its own it stands for something stored, of any size.
        if (!("role" in item)) throw notKnown("item_reference");
        this.addContent(item["content"]);
      } else if (type === "reasoning") {
        // With neither it stands for nothing; with an id alone for what the provider has stored, of any size.
        const { id, encrypted_content: sealed } = item;
        const isHere = typeof sealed === "string" && sealed !== "";
        if (typeof id === "string" && !isHere) this.tokens = WHOLE_WINDOW;
      } else if (type === "additional_tools" || type === "tool_search_output") {
        this.tokens += checkTools(item["tools"]);
      } else if (typeof type === "string" && ITEMS.has(type)) {
        const { output } = item;
        if (Array.isArray(output)) this.addContent(output);
        else if (isObject(output)) this.#addPart(output);
      } else throw notKnown(type);
    }
  }

  #addPart(part: unknown): void {
    if (!isObject(part)) return;
    const { type } = part;
    if (type === "tool_result") this.addContent(part["content"]);
    else if (typeof type === "string" && PICTURES.has(type)) this.tokens += this.#picture - dataLength(part);
    else if (typeof type === "string" && DOCUMENTS.has(type)) this.tokens = WHOLE_WINDOW;
    else if (typeof type !== "string" || !TEXT_PARTS.has(type)) throw notKnown(type);
  }
}

function notKnown(type: unknown) {
  return badRequest(
    `Input of the type ${JSON.stringify(type) ?? "undefined"} is not available on this platform.`,
  );
}

/** Characters of the base64 data of a picture in any of the three formats; none where it stands elsewhere. */
function dataLength(picture: Json): number {
  const { source, image_url: url } = picture;
  const data = isObject(source) ? source["data"] : isObject(url) ? url["url"] : url;
  return typeof data === "string" && !/^https?:/.test(data) ? data.length : 0;
}

const WORD = /[A-Za-z]+/g;
/** Where the words of a request stand. */
const TEXT_FIELDS: ReadonlySet<string> = new Set(
  `text content system instructions input description thinking arguments output`.split(" "),
);
const MAX_DEPTH = 100;

/**
 * Tokens that the text of a request has at least: no tokenizer puts two words into one. Numbers, signs
 * and other scripts are left out, and media are no text. Rather too little than too much: it is what an
 * estimate bills when a provider never said its number.
 */
export function leastInput(body: Json): number {
  let words = 0;
  const visit = (value: unknown, { isText, depth }: { isText: boolean; depth: number }): void => {
    if (depth > MAX_DEPTH) return;
    if (typeof value === "string") words += isText ? (value.match(WORD)?.length ?? 0) : 0;
    else if (Array.isArray(value)) for (const entry of value) visit(entry, { isText, depth: depth + 1 });
    else if (isObject(value) && !PICTURES.has(String(value["type"])) && !DOCUMENTS.has(String(value["type"])))
      for (const [name, entry] of Object.entries(value))
        visit(entry, { isText: TEXT_FIELDS.has(name), depth: depth + 1 });
  };
  visit(body, { isText: false, depth: 0 });
  return Math.max(1, words);
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [];
}

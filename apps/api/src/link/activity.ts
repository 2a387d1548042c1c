/** What a bot is doing, as one line for people: a verb phrase, and the object where there is one. */
import type { Activity } from "@molt/contract";
import { z } from "zod";
import { type AgentEvent, type ChatEvent, cleanText } from "./frames.ts";

const MAX_DETAIL_CHARS = 300;

/** The phases before the first word (openclaw.md, section 6). */
const phaseLabels: Readonly<Record<string, string>> = {
  preparing_workspace: "Getting ready",
  preparing_context: "Recalling our conversation",
  starting_model: "Starting to think",
  retrying: "Trying again",
};

/** Tools that people meet often; the rest are named as they are. `key` is the argument worth showing. */
const toolLabels: Readonly<Record<string, { label: string; key?: string }>> = {
  exec: { label: "Running a command", key: "command" },
  process: { label: "Watching a command" },
  read: { label: "Reading a file", key: "path" },
  write: { label: "Writing a file", key: "path" },
  edit: { label: "Editing a file", key: "path" },
  apply_patch: { label: "Editing files" },
  ls: { label: "Looking through files", key: "path" },
  memory_search: { label: "Searching my memory", key: "query" },
  memory_get: { label: "Looking into my memory", key: "path" },
  web_search: { label: "Searching the web", key: "query" },
  web_fetch: { label: "Reading a page", key: "url" },
  automations: { label: "Arranging my schedule" },
  cron: { label: "Arranging my schedule" },
  image: { label: "Looking at a picture" },
  tool_search: { label: "Looking for the right tool", key: "query" },
};

const retrying = (attempt: number | undefined, of: number | undefined): Activity => ({
  kind: "status",
  label: "Trying again",
  detail: attempt === undefined || of === undefined ? null : `Attempt ${attempt} of ${of}`,
});

/** Undefined: this frame says nothing about activity. Null: what was going on is over. */
export function activityOf(event: ChatEvent | AgentEvent): Activity | null | undefined {
  if ("state" in event) {
    if (event.state !== "status") return undefined;
    return event.retry ? retrying(event.retry.attempt, event.retry.maxAttempts) : phase(event.phase);
  }
  switch (event.stream) {
    case "thinking":
      return { kind: "thinking", label: "Thinking", detail: tail(event.data.text) };
    case "run_status":
      return event.data.phase === "retrying"
        ? retrying(event.data.attempt, event.data.maxAttempts)
        : phase(event.data.phase);
    case "tool":
      if (event.data.phase === "update") return undefined;
      return event.data.phase === "start" ? tool(event.data.name, event.data.args) : null;
    case "assistant":
      return undefined;
  }
}

function phase(name: string | undefined): Activity | undefined {
  const label = name === undefined ? undefined : phaseLabels[name];
  return label === undefined ? undefined : { kind: "status", label, detail: null };
}

function tool(name: string, args: unknown): Activity {
  const known = Object.hasOwn(toolLabels, name) ? toolLabels[name] : undefined;
  const label = known?.label ?? `Using ${cleanText(name).replaceAll("_", " ")}`.slice(0, 120).toWellFormed();
  const value =
    known?.key === undefined
      ? undefined
      : z.record(z.string(), z.unknown()).safeParse(args).data?.[known.key];
  return { kind: "tool", label, detail: typeof value === "string" ? head(value) : null };
}

function head(text: string): string {
  return cleanText(text.slice(0, MAX_DETAIL_CHARS)).trim();
}

/** Of a thought, its newest part, from a word's beginning. */
function tail(text: string): string {
  const clean = cleanText(text).trim();
  if (clean.length <= MAX_DETAIL_CHARS) return clean;
  const cut = clean.slice(-MAX_DETAIL_CHARS + 1).toWellFormed();
  return `…${cut.slice(cut.indexOf(" ") + 1)}`;
}

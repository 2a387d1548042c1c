/** From what a bot's gateway answers to one picture: pure, bounded, the same input gives the same ids. */
import type { Brain, BrainNode } from "@molt/contract";
import { z } from "zod";

const epochMs = z.number().transform((ms) => new Date(ms).toISOString());

/** The parts of OpenClaw's answers that the picture needs (openclaw.md, section 10). The rest is ignored. */
export const fileList = z.object({
  files: z.array(
    z.object({
      name: z.string(),
      missing: z.boolean(),
      size: z.number().optional(),
      updatedAtMs: epochMs.optional(),
    }),
  ),
});
export const folderList = z.object({
  entries: z.array(
    z.object({
      path: z.string(),
      name: z.string(),
      kind: z.string(),
      size: z.number().optional(),
      updatedAtMs: epochMs.optional(),
    }),
  ),
});
export const skillList = z.object({
  skills: z.array(
    z.object({
      name: z.string(),
      description: z.string().default(""),
      disabled: z.boolean(),
      eligible: z.boolean(),
      modelVisible: z.boolean().default(true),
    }),
  ),
});
export const cronList = z.object({
  jobs: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      displayName: z.string().optional(),
      declarationKey: z.string().optional(),
      enabled: z.boolean(),
      schedule: z.object({
        kind: z.string(),
        expr: z.string().optional(),
        everyMs: z.number().optional(),
        at: z.union([z.string(), z.number()]).optional(),
      }),
      state: z.object({ nextRunAtMs: epochMs.optional() }).default({}),
    }),
  ),
});
export const sessionList = z.object({
  sessions: z.array(
    z.object({
      key: z.string(),
      label: z.string().optional(),
      totalTokens: z.number().optional(),
      updatedAt: epochMs.optional(),
      hasActiveRun: z.boolean().optional(),
    }),
  ),
});
export const toolCatalog = z.object({
  groups: z
    .array(
      z.object({
        label: z.string().optional(),
        tools: z.array(
          z.object({ id: z.string(), label: z.string().optional(), description: z.string().optional() }),
        ),
      }),
    )
    .default([]),
});

export interface MindFile {
  name: string;
  size: number;
  updatedAt: string | null;
  text: string;
}

export interface MindSources {
  files: MindFile[];
  skills: z.output<typeof skillList>["skills"];
  tools: z.output<typeof toolCatalog>["groups"];
  jobs: z.output<typeof cronList>["jobs"];
  sessions: z.output<typeof sessionList>["sessions"];
}

const MAX_FILE_CHARS = 32_768;
const MAX_FILES = 50;
const MAX_MEMORIES = 300;
const MAX_TOOLS = 60;
const MAX_OTHERS = 100;

/** Which file says what the bot is; the rest of them is memory. */
const SELF_FILES: Record<string, string> = {
  "SOUL.md": "Character",
  "AGENTS.md": "How it works",
  "USER.md": "About you",
  "IDENTITY.md": "Identity",
};

interface Part {
  from: string;
  node: BrainNode;
}

export function buildBrain(sources: MindSources, takenAt: Date): Brain {
  const files = sources.files.slice(0, MAX_FILES);
  const parts = [
    ...fileParts(files),
    ...skillParts(sources.skills),
    ...toolParts(sources.tools),
    ...scheduleParts(sources.jobs),
    ...conversationParts(sources.sessions),
  ];
  return {
    takenAt: takenAt.toISOString(),
    live: true,
    nodes: unique([node({ id: "self", kind: "self", label: "Self" }), ...parts.map((part) => part.node)]),
    edges: parts.map((part) => ({ from: part.from, to: part.node.id })),
    files: files.map(({ name, size, updatedAt, text }) => ({
      name,
      size,
      updatedAt,
      text: text.slice(0, MAX_FILE_CHARS),
      truncated: text.length > MAX_FILE_CHARS,
    })),
  };
}

function fileParts(files: readonly MindFile[]): Part[] {
  const parts: Part[] = [];
  let memories = 0;
  for (const file of files) {
    const { name, size, updatedAt } = file;
    const id = `file:${name}`;
    const kind = name in SELF_FILES ? "self" : "memory";
    const label = SELF_FILES[name] ?? name.replace(/^memory\//, "").replace(/\.md$/, "");
    parts.push({ from: "self", node: node({ id, kind, label, detail: name, size, updatedAt }) });
    if (kind === "self") continue;
    for (const [index, text] of memoriesIn(file.text).entries()) {
      if ((memories += 1) > MAX_MEMORIES) return parts;
      const memory = {
        id: `memory:${name}:${index}`,
        kind: "memory",
        label: text.slice(0, 80),
        detail: text.slice(0, 600),
      } as const;
      parts.push({ from: id, node: node(memory) });
    }
  }
  return parts;
}

function skillParts(skills: MindSources["skills"]): Part[] {
  return skills
    .filter((skill) => skill.eligible && !skill.disabled && skill.modelVisible)
    .slice(0, MAX_OTHERS)
    .map(({ name, description }) => ({
      from: "self",
      node: node({ id: `skill:${name}`, kind: "skill", label: name, detail: description.slice(0, 600) }),
    }));
}

function toolParts(groups: MindSources["tools"]): Part[] {
  return groups
    .flatMap((group) => group.tools)
    .slice(0, MAX_TOOLS)
    .map(({ id, label, description }) => ({
      from: "self",
      node: node({
        id: `tool:${id}`,
        kind: "tool",
        label: label ?? id,
        detail: description?.slice(0, 600) ?? null,
      }),
    }));
}

/** What its user asked for; the gateway's own housekeeping carries a declaration key. */
function scheduleParts(jobs: MindSources["jobs"]): Part[] {
  return jobs
    .filter((job) => job.enabled && !job.declarationKey)
    .slice(0, MAX_OTHERS)
    .map((job) => ({
      from: "self",
      node: node({
        id: `schedule:${job.id}`,
        kind: "schedule",
        label: job.displayName ?? job.name,
        detail: describeSchedule(job.schedule),
        updatedAt: job.state.nextRunAtMs ?? null,
      }),
    }));
}

function conversationParts(sessions: MindSources["sessions"]): Part[] {
  return sessions.slice(0, MAX_OTHERS).map((session) => ({
    from: "self",
    node: node({
      id: `conversation:${session.key}`,
      kind: "conversation",
      label: session.label ?? sessionLabel(session.key),
      size: session.totalTokens ?? null,
      updatedAt: session.updatedAt ?? null,
      active: session.hasActiveRun ?? false,
    }),
  }));
}

function node(given: Pick<BrainNode, "id" | "kind" | "label"> & Partial<BrainNode>): BrainNode {
  return {
    detail: null,
    size: null,
    updatedAt: null,
    active: false,
    ...given,
    label: given.label.slice(0, 200),
    id: given.id.slice(0, 300),
  };
}

function unique(nodes: BrainNode[]): BrainNode[] {
  return [...new Map(nodes.map((one) => [one.id, one])).values()];
}

/** Each list item of a memory file is one memory; a file without lists is one by itself. */
function memoriesIn(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.match(/^\s*(?:[-*+]|\d+\.)\s+(?:\[[ xX]\]\s+)?(.+)$/)?.[1]?.trim() ?? "")
    .filter((line) => line !== "");
}

function describeSchedule(schedule: MindSources["jobs"][number]["schedule"]): string {
  if (schedule.expr) return `cron ${schedule.expr}`;
  if (schedule.everyMs) return `every ${Math.round(schedule.everyMs / 60_000)} minutes`;
  if (schedule.at !== undefined)
    return `once, ${typeof schedule.at === "number" ? new Date(schedule.at).toISOString() : schedule.at}`;
  return schedule.kind;
}

function sessionLabel(key: string): string {
  if (key.includes(":cron:")) return "A scheduled run";
  const name = key.split(":").at(-1) ?? key;
  return name === "main" || name === "chat" ? "Our conversation" : name;
}

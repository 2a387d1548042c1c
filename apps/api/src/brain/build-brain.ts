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
/** Which tools there are, by subject. */
export const toolCatalog = z.object({
  groups: z
    .array(
      z.object({
        id: z.string(),
        label: z.string().default(""),
        tools: z.array(z.object({ id: z.string(), description: z.string().optional() })),
      }),
    )
    .default([]),
});
/** Which of them the bot may really use; grouped by where they come from, which nobody wants to see. */
export const effectiveTools = z.object({
  groups: z.array(z.object({ tools: z.array(z.object({ id: z.string() })) })).default([]),
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
const MAX_TOOLS = 120;
const MAX_OTHERS = 100;
/** The throw-away conversation in which the door warms a gateway up after its boot (bot/readiness.ts). */
const WARM_UP = ":warm-up";

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
  const usable = skills.filter((skill) => skill.eligible && !skill.disabled && skill.modelVisible);
  if (usable.length === 0) return [];
  return [
    { from: "self", node: node({ id: "skills", kind: "skill", label: "Skills" }) },
    ...usable.slice(0, MAX_OTHERS).map(({ name, description }) => ({
      from: "skills",
      node: node({ id: `skill:${name}`, kind: "skill", label: name, detail: description.slice(0, 600) }),
    })),
  ];
}

/** OpenClaw's subjects in words for people; others keep their own. */
const SUBJECTS: Record<string, string> = {
  fs: "Files",
  runtime: "Commands",
  memory: "Remembering",
  sessions: "Conversations",
  ui: "Screens",
  messaging: "Messages",
  automation: "Schedule and upkeep",
  nodes: "Devices",
  agents: "Goals and questions",
  media: "Pictures and sound",
};

/** Tools hang on their subject. A subject of which the bot may use nothing is not shown. */
function toolParts(groups: MindSources["tools"]): Part[] {
  const parts: Part[] = [];
  for (const group of groups.filter((one) => one.tools.length > 0)) {
    const hub = `tools:${group.id}`;
    parts.push({
      from: "self",
      node: node({ id: hub, kind: "tool", label: SUBJECTS[group.id] ?? (group.label || group.id) }),
    });
    for (const { id, description } of group.tools) {
      const tool = {
        id: `tool:${id}`,
        kind: "tool",
        label: id.replaceAll("_", " "),
        detail: description?.slice(0, 600) ?? null,
      } as const;
      parts.push({ from: hub, node: node(tool) });
    }
  }
  return parts.slice(0, MAX_TOOLS);
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
  const real = sessions.filter((session) => !session.key.endsWith(WARM_UP));
  return real.slice(0, MAX_OTHERS).map((session) => ({
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
  return name === "main" || name === "main-chat" ? "Our conversation" : name;
}

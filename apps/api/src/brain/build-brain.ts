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

export function buildBrain(sources: MindSources, takenAt: Date): Brain {
  const nodes: BrainNode[] = [node({ id: "self", kind: "self", label: "Self" })];
  const edges: Brain["edges"] = [];
  const add = (from: string, child: BrainNode) => {
    nodes.push(child);
    edges.push({ from, to: child.id });
  };
  const files = sources.files.slice(0, MAX_FILES);
  let memories = 0;
  for (const file of files) {
    const kind = file.name in SELF_FILES ? "self" : "memory";
    const label = SELF_FILES[file.name] ?? file.name.replace(/^memory\//, "").replace(/\.md$/, "");
    const id = `file:${file.name}`;
    add("self", node({ id, kind, label, detail: file.name, size: file.size, updatedAt: file.updatedAt }));
    if (kind === "self") continue;
    for (const [index, memory] of memoriesIn(file.text).entries()) {
      if ((memories += 1) > MAX_MEMORIES) break;
      add(
        id,
        node({
          id: `memory:${file.name}:${index}`,
          kind: "memory",
          label: memory.slice(0, 80),
          detail: memory.slice(0, 600),
        }),
      );
    }
  }
  for (const skill of sources.skills
    .filter((one) => one.eligible && !one.disabled && one.modelVisible)
    .slice(0, MAX_OTHERS)) {
    add(
      "self",
      node({
        id: `skill:${skill.name}`,
        kind: "skill",
        label: skill.name,
        detail: skill.description.slice(0, 600),
      }),
    );
  }
  let tools = 0;
  for (const tool of sources.tools.flatMap((group) => group.tools)) {
    if ((tools += 1) > MAX_TOOLS) break;
    add(
      "self",
      node({
        id: `tool:${tool.id}`,
        kind: "tool",
        label: tool.label ?? tool.id,
        detail: tool.description?.slice(0, 600) ?? null,
      }),
    );
  }
  for (const job of sources.jobs.filter((one) => one.enabled && !one.declarationKey).slice(0, MAX_OTHERS)) {
    const next = job.state.nextRunAtMs ?? null;
    add(
      "self",
      node({
        id: `schedule:${job.id}`,
        kind: "schedule",
        label: (job.displayName ?? job.name).slice(0, 200),
        detail: describeSchedule(job.schedule),
        updatedAt: next,
      }),
    );
  }
  for (const session of sources.sessions.slice(0, MAX_OTHERS)) {
    const label = session.label ?? sessionLabel(session.key);
    add(
      "self",
      node({
        id: `conversation:${session.key}`.slice(0, 300),
        kind: "conversation",
        label,
        size: session.totalTokens ?? null,
        updatedAt: session.updatedAt ?? null,
        active: session.hasActiveRun ?? false,
      }),
    );
  }
  return {
    takenAt: takenAt.toISOString(),
    live: true,
    nodes: unique(nodes),
    edges,
    files: files.map((file) => ({
      name: file.name,
      size: file.size,
      updatedAt: file.updatedAt,
      text: file.text.slice(0, MAX_FILE_CHARS),
      truncated: file.text.length > MAX_FILE_CHARS,
    })),
  };
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

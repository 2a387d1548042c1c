/** Reads a bot's mind over its open line and keeps it, so that it can be seen while the bot sleeps. */
import type { Brain } from "@molt/contract";
import { z } from "zod";
import type { Deps } from "../deps.ts";
import type { Link } from "../link/link.ts";
import {
  buildBrain,
  cronList,
  effectiveTools,
  fileList,
  folderList,
  type MindFile,
  type MindSources,
  sessionList,
  skillList,
  toolCatalog,
} from "./build-brain.ts";
import { storeSnapshot } from "./table.ts";

const MAIN = { agentId: "main" };
/** Diary files, newest first: what the bot wrote down lately. */
const MAX_DIARY_FILES = 30;

const fileContent = z.object({
  file: z.object({
    size: z.number().default(0),
    updatedAtMs: z.number().optional(),
    content: z.string().default(""),
  }),
});

/** About 40 small reads of 1 to 80 ms. Stored before it is returned. */
export async function takeSnapshot(deps: Deps, botId: string, link: Link): Promise<Brain> {
  const [files, skills, jobs, sessions] = await Promise.all([
    readFiles(link),
    link.read("skills.status", {}, skillList),
    link.read("cron.list", { includeDisabled: true }, cronList),
    link.read("sessions.list", { limit: 50 }, sessionList),
  ]);
  const tools = await readTools(link, sessions.sessions[0]?.key);
  const brain = buildBrain(
    { files, skills: skills.skills, tools, jobs: jobs.jobs, sessions: sessions.sessions },
    deps.clock.now(),
  );
  await storeSnapshot(deps.db, botId, brain);
  return brain;
}

/**
 * What the bot may really use, under the subjects of the catalogue. The gateway tells that only of a
 * conversation; any will do, they all have the same tools here.
 */
async function readTools(link: Link, sessionKey: string | undefined): Promise<MindSources["tools"]> {
  if (sessionKey === undefined) return [];
  const [catalog, effective] = await Promise.all([
    link.read("tools.catalog", MAIN, toolCatalog),
    link.read("tools.effective", { sessionKey }, effectiveTools),
  ]);
  const usable = new Set(effective.groups.flatMap((group) => group.tools.map((tool) => tool.id)));
  return catalog.groups.map((group) => ({
    ...group,
    tools: group.tools.filter((tool) => usable.has(tool.id)),
  }));
}

async function readFiles(link: Link): Promise<MindFile[]> {
  const [persona, workspace] = await Promise.all([
    link.read("agents.files.list", MAIN, fileList),
    link
      .read("agents.workspace.list", { ...MAIN, path: "memory" }, folderList)
      .catch(() => ({ entries: [] })), // no diary yet
  ]);
  const named = persona.files
    .filter((file) => !file.missing)
    .map((file) => readFile(link, "agents.files.get", file.name));
  const diary = workspace.entries
    .filter((entry) => entry.kind === "file" && entry.name.endsWith(".md"))
    .toSorted((a, b) => b.name.localeCompare(a.name))
    .slice(0, MAX_DIARY_FILES)
    .map((entry) => readFile(link, "agents.workspace.get", entry.path));
  return Promise.all([...named, ...diary]);
}

async function readFile(
  link: Link,
  method: "agents.files.get" | "agents.workspace.get",
  name: string,
): Promise<MindFile> {
  const params = method === "agents.files.get" ? { ...MAIN, name } : { ...MAIN, path: name };
  const { file } = await link.read(method, params, fileContent);
  return {
    name,
    size: file.size,
    updatedAt: file.updatedAtMs === undefined ? null : new Date(file.updatedAtMs).toISOString(),
    text: file.content,
  };
}

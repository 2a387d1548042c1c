/**
 * What the api may ask of a bot's gateway. The token opens everything a gateway can do, its shell
 * included, so this list decides and not the gateway's scopes (openclaw.md, section 7). Whatever is
 * not listed is refused before it leaves this process.
 */
import { z } from "zod";
import { AppError } from "../errors.ts";

type Guard = z.ZodType;

/** Methods whose parameters could do more than we mean by them are held to a shape. */
const anything: Guard = z.looseObject({});

/** `full` permission lets a run execute without asking; the gateway would want admin for it, which we are. */
const patchSession: Guard = z
  .strictObject({
    key: z.string(),
    label: z.string().nullable().optional(),
    pinned: z.boolean().optional(),
    model: z.string().nullable().optional(),
    permissionMode: z.enum(["read-only", "guarded", "workspace"]).optional(),
    archived: z.boolean().optional(),
    expectedSessionId: z.string().optional(),
  })
  .refine(
    (patch) => patch.archived === undefined || patch.expectedSessionId !== undefined,
    "archived needs expectedSessionId",
  );

/** Compare-and-swap only: a write without the hash of what it replaces could undo the bot's own. */
const setFile: Guard = z.strictObject({
  agentId: z.literal("main"),
  name: z.string(),
  content: z.string(),
  expectedHash: z.string().regex(/^[0-9a-f]{64}$/),
});

/** Configuration changes are skill switches and nothing else. */
const patchConfig: Guard = z.strictObject({
  baseHash: z.string(),
  raw: z.string().refine(touchesSkillsOnly, "may only switch skills"),
});

function touchesSkillsOnly(raw: string): boolean {
  try {
    const shape = z.strictObject({
      skills: z.strictObject({ entries: z.record(z.string(), z.strictObject({ enabled: z.boolean() })) }),
    });
    return shape.safeParse(JSON.parse(raw)).success;
  } catch {
    return false; // not JSON, so not a switch of a skill
  }
}

/** Read-only questions about the bot's mind (openclaw.md, section 10). All have read scope. */
export const readMethods = [
  "agents.files.list",
  "agents.files.get",
  "agents.workspace.list",
  "agents.workspace.get",
  "memory.search",
  "doctor.memory.status",
  "skills.status",
  "tools.catalog",
  "tools.effective",
  "cron.list",
  "cron.status",
  "cron.runs",
  "sessions.list",
  "sessions.describe",
  "sessions.preview",
  "channels.status",
  "tasks.list",
  "system.info",
  "health",
] as const;
export type ReadMethod = (typeof readMethods)[number];

const otherMethods = {
  // What a user's chat frame may cause.
  "chat.send": anything,
  "chat.abort": anything,
  "chat.history": anything,
  "chat.message.get": anything,
  "sessions.create": anything,
  "sessions.patch": patchSession,
  "sessions.reset": anything,
  "sessions.delete": anything,
  "sessions.search": anything,
  "artifacts.list": anything,
  "artifacts.download": anything,
  "exec.approval.list": anything,
  "exec.approval.resolve": anything,
  "question.list": anything,
  "question.resolve": anything,
  // What an edit in the Brain View may cause.
  "agents.files.set": setFile,
  "cron.add": anything,
  "cron.update": anything,
  "cron.remove": anything,
  "cron.run": anything,
  // What the platform asks on its own account.
  "sessions.subscribe": anything,
  "gateway.suspend.prepare": anything,
  "gateway.suspend.status": anything,
  "gateway.suspend.resume": anything,
  "config.get": anything,
  "config.patch": patchConfig,
} satisfies Record<string, Guard>;

const allowed = new Map<string, Guard>([
  ...readMethods.map((method): [string, Guard] => [method, anything]),
  ...Object.entries(otherMethods),
]);

/** Whether a method is on the list at all. */
export function isAllowed(method: string): boolean {
  return allowed.has(method);
}

/**
 * @throws {AppError} `not_yours` for a method that is not on the list, or whose parameters reach
 * further than its place on the list allows.
 */
export function assertAllowed(method: string, params: unknown): void {
  const guard = allowed.get(method);
  if (!guard) throw new AppError("not_yours", "This cannot be asked of a bot.", { detail: { method } });
  const result = guard.safeParse(params);
  if (result.success) return;
  const problem = result.error.issues[0];
  throw new AppError("not_yours", "This cannot be asked of a bot.", {
    detail: { method, problem: `${problem?.path.join(".")}: ${problem?.message}` },
  });
}

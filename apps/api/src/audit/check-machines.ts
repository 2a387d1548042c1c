/** What runs at Fly against the bots' rows: one machine a bot, and none of nobody. */
import type { Kysely } from "kysely";
import type { Database } from "../db/types.ts";
import { isFlyError } from "../fleet/fly-error.ts";
import type { Fly, FlyMachine } from "../fleet/fly.ts";
import { isAppName } from "../fleet/machine-config.ts";
import { observedState } from "../fleet/next-step.ts";
import { type Check, type Claim, MAX_SAMPLE, type TimeLimit } from "./check.ts";

export interface FlyQuestion extends TimeLimit {
  fly: Pick<Fly, "listApps" | "listMachines">;
  /** MOLT_ENV: what carries another mark is not ours. */
  environment: string;
}

const TOGETHER = 8;

interface Found {
  app: string;
  kind: "no machine" | "two machines" | "of no bot";
  machines: string[];
}

/** When Fly cannot be reached nothing is said about it: ok, with a note. */
export async function checkMachines(db: Kysely<Database>, question: FlyQuestion): Promise<Check> {
  const base: Claim = {
    id: "machines",
    invariant: "I1",
    claim: "each bot that lives has one machine, and nobody's runs",
  };
  const nothing = { ...base, ok: true, count: 0, sample: [] };
  try {
    const { found, looked, apps } = await compare(db, question);
    const note = looked < apps ? { note: `looked at ${looked} of ${apps} apps in time` } : {};
    return {
      ...base,
      ok: found.length === 0,
      count: found.length,
      sample: found.slice(0, MAX_SAMPLE),
      ...note,
    };
  } catch (error) {
    if (isFlyError(error, "unauthorized")) return { ...nothing, note: "Fly refuses the token: not compared" };
    const isLate = error instanceof DOMException && error.name === "TimeoutError";
    if (isLate || isFlyError(error, "transient"))
      return { ...nothing, note: "Fly does not answer: not compared" };
    throw error;
  }
}

async function compare(db: Kysely<Database>, { fly, environment, ...limit }: FlyQuestion) {
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(limit.deadlineMs - limit.monotonicMs())));
  const there = new Set((await fly.listApps(signal)).map(({ name }) => name).filter(isAppName));
  // Read after Fly was: a bot that is born meanwhile has its row, and is not taken for nobody's.
  const rows = await db
    .selectFrom("app.bots")
    .select(["fly_app_id as app", "status"])
    .where("fly_app_id", "is not", null)
    .execute();
  const lives = new Map(
    rows.map(({ app, status }) => [app ?? "", status === "running" || status === "asleep"]),
  );
  const apps = [...new Set([...there, ...lives.keys()])];
  const found: Found[] = [];
  let looked = 0;
  for (let at = 0; at < apps.length && limit.monotonicMs() < limit.deadlineMs; at += TOGETHER) {
    const page = apps.slice(at, at + TOGETHER);
    const answers = await Promise.all(
      page.map(async (app) => judge(app, lives.get(app), (await fly.listMachines(app, signal)) ?? [])),
    );
    found.push(...answers.filter((one) => one !== undefined));
    looked += page.length;
  }
  return { found, looked, apps: apps.length };

  /** @param isAlive undefined when the app is no bot's. */
  function judge(app: string, isAlive: boolean | undefined, all: readonly FlyMachine[]): Found | undefined {
    const present = all.filter((machine) => observedState(machine) !== "absent");
    const machines = present.map((machine) => machine.id);
    if (machines.length > 1) return { app, kind: "two machines", machines };
    if (isAlive === true && machines.length === 0) return { app, kind: "no machine", machines };
    const isMarked = present.some((machine) => machine.config?.metadata?.["molt_env"] === environment);
    return isAlive === undefined && isMarked ? { app, kind: "of no bot", machines } : undefined;
  }
}

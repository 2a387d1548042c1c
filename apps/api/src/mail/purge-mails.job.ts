import type { Deps } from "../deps.ts";
import { blankMails, deleteOver } from "./table.ts";
import type { TemplateName } from "./templates.ts";

const DAY_MS = 24 * 60 * 60_000;
/** Long enough to answer "I never got that mail", and to bring back what died over a fault of ours. */
const KEPT_MS = 30 * DAY_MS;
/** Anybody can type any address at the sign-in. Its mail comes once, so not even the key is wanted. */
const BRIEF: readonly TemplateName[] = ["sign-in"];
const BRIEF_KEPT_MS = DAY_MS;
const BATCH = 500;

/** Forgets whom mails were to, and deletes those of the sign-in. Safe to run twice and on two workers. */
export async function purgeMails(
  { db, clock }: Pick<Deps, "db" | "clock">,
  signal: AbortSignal,
): Promise<string> {
  const before = (ms: number) => new Date(clock.now().getTime() - ms);
  const deleted = await inBites(signal, () =>
    deleteOver(db, { templates: BRIEF, before: before(BRIEF_KEPT_MS), limit: BATCH }),
  );
  const blanked = await inBites(signal, () => blankMails(db, { before: before(KEPT_MS), limit: BATCH }));
  return deleted + blanked === 0
    ? ""
    : `deleted ${deleted} sign-in mails, forgot whom ${blanked} mails were to`;
}

async function inBites(signal: AbortSignal, bite: () => Promise<number>): Promise<number> {
  let done = 0;
  while (!signal.aborted) {
    const count = await bite();
    done += count;
    if (count < BATCH) break;
  }
  return done;
}

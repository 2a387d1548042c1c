/** Mails that nobody tries to send any more, and their way back. For operators. */
import type { Deps } from "../deps.ts";
import { type DeadMail, reviveMails, selectDead } from "./table.ts";

const BITE = 500;

/** At most `limit` of them; `count` says how many there are. */
export async function listDeadMails(
  { db }: Pick<Deps, "db">,
  limit: number,
): Promise<{ mails: DeadMail[]; count: number }> {
  return selectDead(db, limit);
}

/**
 * Puts dead mails that still have their data back into the queue, each once a call, even if it dies
 * again meanwhile. @returns their ids.
 */
export async function retryMails({ db }: Pick<Deps, "db">, which: { id: string } | "all"): Promise<string[]> {
  const id = which === "all" ? null : which.id;
  const revived: string[] = [];
  for (;;) {
    const bite = await reviveMails(db, { id, after: revived.at(-1) ?? null, limit: BITE });
    revived.push(...bite);
    if (bite.length < BITE) return revived;
  }
}

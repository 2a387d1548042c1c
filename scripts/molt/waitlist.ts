/** `molt waitlist …`: what an operator does to the waitlist. Mails leave through the outbox. */
import { once } from "node:events";
import { exportWaitlist } from "../../apps/api/src/waitlist/export-waitlist.ts";
import { inviteBatch, MAX_BATCH } from "../../apps/api/src/waitlist/invite-batch.ts";
import { deleteFromWaitlist } from "../../apps/api/src/waitlist/leave-waitlist.ts";
import { StartError } from "../lib/data-dir.ts";
import { type Area, noWords, onlyWord, type OperatorDeps, type Said, textFlag } from "./command.ts";

/** More at once is a slip of the finger; the command can be repeated. */
const MAX_INVITED = 10_000;

export const waitlist: Area = {
  usage: `
  npm run molt -- waitlist invite --n 50      invites the first 50 of the list; each person once
  npm run molt -- waitlist export > list.csv  the whole list as CSV
  npm run molt -- waitlist delete <e-mail>    deletes an address and its mails`,
  commands: {
    invite: {
      options: { n: { type: "string" } },
      read(words) {
        noWords(words);
        const count = readCount(textFlag(words, "n"));
        return (deps) => invite(deps, count);
      },
    },
    export: {
      writesItself: true,
      read(words) {
        noWords(words);
        return writeCsv;
      },
    },
    delete: {
      read(words) {
        const email = onlyWord(words, "the e-mail address");
        if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new StartError(`"${email}" is not an e-mail address.`);
        return (deps) => remove(deps, email);
      },
    },
  },
};

function readCount(text: string | undefined): number {
  const count = Number(text);
  if (text === undefined || !/^\d+$/.test(text) || count < 1 || count > MAX_INVITED)
    throw new StartError(`Say how many to invite: --n with a number from 1 to ${MAX_INVITED}.`);
  return count;
}

async function invite(deps: OperatorDeps, count: number): Promise<Said> {
  const invited: string[] = [];
  while (invited.length < count) {
    const wanted = Math.min(MAX_BATCH, count - invited.length);
    const batch = await inviteBatch(deps, wanted);
    invited.push(...batch);
    if (batch.length < wanted) break;
  }
  const short = invited.length < count ? " Nobody else is waiting." : "";
  const words = `Invited ${invited.length} of ${count}.${short}`;
  return { words: [words, ...invited].join("\n"), json: { invited: invited.length, addresses: invited } };
}

async function remove(deps: OperatorDeps, email: string): Promise<Said> {
  const deleted = await deleteFromWaitlist(deps, email);
  return {
    words: deleted ? `${email} and its mails are deleted.` : `${email} is not on the list.`,
    json: { deleted },
  };
}

async function writeCsv({ db }: OperatorDeps): Promise<undefined> {
  for await (const line of exportWaitlist({ db }))
    if (!process.stdout.write(line)) await once(process.stdout, "drain");
}

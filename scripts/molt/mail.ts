/** `molt mail …`: what an operator does about mails that nobody tries to send any more. */
import { listDeadMails, retryMails } from "../../apps/api/src/mail/dead-mails.ts";
import { StartError } from "../lib/data-dir.ts";
import { type Area, noWords, onlyWord, type OperatorDeps, type Said } from "./command.ts";

/** More than anybody reads; those that can be brought back come first. */
const MOST_SHOWN = 200;

export const mail: Area = {
  usage: `
  npm run molt -- mail dead                   mails that are not tried any more, and what the mail server said
  npm run molt -- mail retry <id or all>      sends them after all, once the cause is mended`,
  commands: {
    dead: {
      read(words) {
        noWords(words);
        return listDead;
      },
    },
    retry: {
      read(words) {
        const which = onlyWord(words, "the id of a dead mail, or all");
        if (which === "all") return retryAll;
        if (!/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(which))
          throw new StartError(`"${which}" is not the id of a mail; mail dead lists them.`);
        return (deps) => retryOne(deps, which);
      },
    },
  },
};

async function listDead(deps: OperatorDeps): Promise<Said> {
  const { mails, count } = await listDeadMails(deps, MOST_SHOWN);
  const lines = mails.map(({ id, template, recipient, diedAt, note, whole }) =>
    [
      id,
      template.padEnd(19),
      diedAt?.toISOString().slice(0, 16).replace("T", " ") ?? "-",
      recipient ?? "(forgotten)",
      note ?? "",
      ...(whole ? [] : ["(cannot be brought back)"]),
    ]
      .join("  ")
      // A mail server's answer may have several lines; the address was typed by a stranger.
      .replace(/\p{Cc}+/gu, " "),
  );
  const shown = mails.length < count ? `, ${mails.length} of them here` : "";
  const words = count === 0 ? "No mail is dead." : [`${count} mails are dead${shown}.`, ...lines].join("\n");
  return { words, json: { count, mails } };
}

async function retryAll(deps: OperatorDeps): Promise<Said> {
  const retried = await retryMails(deps, "all");
  return { words: [`${retried.length} mails go out again.`, ...retried].join("\n"), json: { retried } };
}

async function retryOne(deps: OperatorDeps, id: string): Promise<Said> {
  const retried = await retryMails(deps, { id });
  if (retried.length === 0)
    throw new StartError(`There is no dead mail ${id} that could be brought back; mail dead lists them.`);
  return { words: `${id} goes out again.`, json: { retried } };
}

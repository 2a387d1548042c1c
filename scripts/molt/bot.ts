/** `molt bot …`: what an operator does to one bot. The processes that run notice by themselves. */
import { rotateKey } from "../../apps/api/src/fleet/rotate-key.ts";
import { findBot, type FoundBot } from "../../apps/api/src/models/find-bot.ts";
import { holdBot } from "../../apps/api/src/models/hold-bot.ts";
import { resumeBot } from "../../apps/api/src/models/resume-bot.ts";
import { StartError } from "../lib/data-dir.ts";
import { type Area, onlyWord, type OperatorDeps, type Said, textFlag, type Words } from "./command.ts";

/** The column's limit, and the mail's. */
const MAX_REASON = 300;

export const bot: Area = {
  usage: `
  npm run molt -- bot hold <bot or e-mail> [--reason words]
                                              no model call leaves until you say so; the owner gets a mail with the words
  npm run molt -- bot resume <bot or e-mail>  lets it spend again, whoever had stopped it
  npm run molt -- bot rotate-key <bot or e-mail> [--now]
                                              a new key at its next wake, within a day; --now: the old key is dead at
                                              once and the machine is made anew, whatever it is doing`,
  commands: {
    hold: {
      options: { reason: { type: "string" } },
      read(words) {
        const note = textFlag(words, "reason")?.trim() || null;
        if (note !== null && note.length > MAX_REASON)
          throw new StartError(`--reason takes at most ${MAX_REASON} characters.`);
        return onBot(words, (deps, found) => hold(deps, found, note));
      },
    },
    resume: { read: (words) => onBot(words, resume) },
    "rotate-key": {
      options: { now: { type: "boolean" } },
      read: (words) => onBot(words, (deps, found) => rotate(deps, found, words.flags["now"] === true)),
    },
  },
};

function onBot(words: Words, act: (deps: OperatorDeps, found: FoundBot) => Promise<Said>) {
  const name = onlyWord(words, "the bot or its owner's e-mail address");
  return async (deps: OperatorDeps): Promise<Said> => {
    const found = await findBot(deps, name);
    if (!found) throw new StartError(`There is no bot "${name}", and nobody with that address has one.`);
    return act(deps, found);
  };
}

async function hold({ db }: OperatorDeps, { id, email }: FoundBot, note: string | null): Promise<Said> {
  const held = await holdBot(db, id, { reason: "operator", note });
  const words = held
    ? `The spending of ${email}'s bot is stopped.`
    : `The spending of ${email}'s bot was stopped by an operator already.`;
  return { words, json: { bot: id, held } };
}

async function resume({ db }: OperatorDeps, { id, email }: FoundBot): Promise<Said> {
  const reason = await resumeBot(db, id);
  const words = reason
    ? `${email}'s bot may spend again. It had been stopped: ${reason}.`
    : `${email}'s bot was not stopped.`;
  return { words, json: { bot: id, resumed: reason !== undefined, reason: reason ?? null } };
}

async function rotate(deps: OperatorDeps, { id, email }: FoundBot, atOnce: boolean): Promise<Said> {
  if (!(await rotateKey(deps, id, { atOnce }))) throw new StartError(`${email}'s bot is being deleted.`);
  const words = atOnce
    ? `The key of ${email}'s bot is dead. Its machine is made anew with another.`
    : `${email}'s bot gets a new key when it wakes next, within a day.`;
  return { words, json: { bot: id, atOnce } };
}

/**
 * `npm run molt -- <area> <command>`: what an operator does by hand. Each area is a file in
 * scripts/molt/. Works on DATABASE_URL, or on the copy that runs on this machine.
 */
import { parseArgs } from "node:util";
import { systemClock } from "../apps/api/src/clock.ts";
import { openDatabase } from "../apps/api/src/db/open.ts";
import { StartError } from "./lib/data-dir.ts";
import { findDatabase } from "./lib/operator-database.ts";
import { bot } from "./molt/bot.ts";
import { check } from "./molt/check.ts";
import type { Area, OperatorDeps, Said } from "./molt/command.ts";
import { ledger } from "./molt/ledger.ts";
import { mail } from "./molt/mail.ts";
import { waitlist } from "./molt/waitlist.ts";

const areas: Readonly<Record<string, Area>> = { bot, check, ledger, mail, waitlist };

const usage = `${Object.values(areas)
  .map((area) => area.usage)
  .join("\n")}

  --json prints one line of JSON instead of words (not for export).
  DATABASE_URL names the database; without it, the copy that runs in MOLT_DATA_DIR (or .molt) is used.
`;

interface Order {
  json: boolean;
  run(deps: OperatorDeps): Promise<Said | undefined>;
}

/** @throws {StartError} for what is not a command of ours. */
function readOrder([areaName = "", ...words]: string[]): Order {
  const commands = Object.hasOwn(areas, areaName) ? areas[areaName]?.commands : undefined;
  // An area of one command has it under no name.
  const [commandName = "", ...args] = commands?.[""] ? ["", ...words] : words;
  const command = commands && Object.hasOwn(commands, commandName) ? commands[commandName] : undefined;
  if (!command) throw new StartError(`That is not a command.\n${usage}`);
  const { values: flags, positionals: rest } = parse(args, command.options ?? {});
  const json = flags["json"] === true;
  if (json && command.writesItself)
    throw new StartError(`${areaName} ${commandName} writes its own output; --json does not go with it.`);
  return { json, run: command.read({ rest, flags }) };
}

function parse(args: string[], options: NonNullable<Area["commands"][string]["options"]>) {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: { ...options, json: { type: "boolean" } },
    });
    // No flag of ours may be given several times, so each value is one text or one switch.
    return { positionals, values: values as Record<string, string | boolean | undefined> };
  } catch (cause) {
    throw new StartError(`${(cause as Error).message.split("\n")[0]}\n${usage}`, { cause });
  }
}

/** One sentence for the terminal, without the password of the address. */
function explain(error: unknown): string {
  if (error instanceof StartError) return error.message;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "ETIMEDOUT")
    return "The database does not answer. Is Molt-OS running, and is DATABASE_URL right?";
  if (code === "28P01") return "The database refuses the password in DATABASE_URL.";
  if (code === "3D000" || code === "42P01")
    return "This database holds no Molt-OS. Run npm run db on it, or name another in DATABASE_URL.";
  return `It failed: ${message}`;
}

async function main(): Promise<void> {
  if (process.argv.includes("--help") || process.argv.length === 2) return console.log(usage);
  const order = readOrder(process.argv.slice(2));
  const db = openDatabase(await findDatabase(process.env), { name: "molt-operator", max: 2 });
  try {
    const said = await order.run({ db, clock: systemClock() });
    if (said) console.log(order.json ? JSON.stringify(said.json) : said.words);
    if (said?.failed) process.exitCode = 1;
  } finally {
    await db.destroy();
  }
}

// `… | head` has read enough.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});

try {
  await main();
} catch (error) {
  const sentence = explain(error);
  console.error(process.argv.includes("--json") ? JSON.stringify({ error: sentence }) : `\n  ${sentence}\n`);
  process.exitCode = 1;
}

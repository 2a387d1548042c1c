/**
 * `npm run molt -- waitlist …`: what an operator does to the waitlist. Works on DATABASE_URL, or on
 * the copy that runs on this machine. Mails leave through the outbox: the worker sends them.
 */
import { once } from "node:events";
import { parseArgs } from "node:util";
import { systemClock } from "../apps/api/src/clock.ts";
import { openDatabase } from "../apps/api/src/db/open.ts";
import type { Deps } from "../apps/api/src/deps.ts";
import { exportWaitlist } from "../apps/api/src/waitlist/export-waitlist.ts";
import { inviteBatch, MAX_BATCH } from "../apps/api/src/waitlist/invite-batch.ts";
import { deleteFromWaitlist } from "../apps/api/src/waitlist/leave-waitlist.ts";
import { StartError } from "./lib/data-dir.ts";
import { findDatabase } from "./lib/operator-database.ts";

const usage = `
  npm run molt -- waitlist invite --n 50      invites the first 50 of the list; each person once
  npm run molt -- waitlist export > list.csv  the whole list as CSV
  npm run molt -- waitlist delete <e-mail>    deletes an address and its mails

  --json prints one line of JSON instead of words (not for export).
  DATABASE_URL names the database; without it, the copy that runs in MOLT_DATA_DIR (or .molt) is used.
`;

/** More at once is a slip of the finger; the command can be repeated. */
const MAX_INVITED = 10_000;

type WaitlistDeps = Pick<Deps, "db" | "clock">;

interface Order {
  json: boolean;
  run(deps: WaitlistDeps): Promise<{ words: string; json: object } | undefined>;
}

/** @throws {StartError} for what is not a command of ours. */
function readOrder(args: string[]): Order {
  const { values, positionals } = parse(args);
  const [area, command, ...rest] = positionals;
  const json = values.json ?? false;
  const expected = command === "delete" ? 1 : 0;
  if (area !== "waitlist" || rest.length !== expected)
    throw new StartError(`That is not a command.\n${usage}`);
  if (values.n !== undefined && command !== "invite")
    throw new StartError("--n belongs to waitlist invite and to no other command.");
  switch (command) {
    case "invite": {
      const count = readCount(values.n);
      return { json, run: (deps) => invite(deps, count) };
    }
    case "export":
      if (json) throw new StartError("waitlist export writes CSV; --json does not go with it.");
      return { json, run: writeCsv };
    case "delete": {
      const [email = ""] = rest;
      if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new StartError(`"${email}" is not an e-mail address.`);
      return { json, run: (deps) => remove(deps, email) };
    }
    case undefined:
    default:
      throw new StartError(`That is not a command.\n${usage}`);
  }
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { n: { type: "string" }, json: { type: "boolean" } },
    });
  } catch (cause) {
    throw new StartError(`${(cause as Error).message.split("\n")[0]}\n${usage}`, { cause });
  }
}

function readCount(text: string | undefined): number {
  const count = Number(text);
  if (text === undefined || !/^\d+$/.test(text) || count < 1 || count > MAX_INVITED)
    throw new StartError(`Say how many to invite: --n with a number from 1 to ${MAX_INVITED}.`);
  return count;
}

async function invite(deps: WaitlistDeps, count: number) {
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

async function remove(deps: WaitlistDeps, email: string) {
  const deleted = await deleteFromWaitlist(deps, email);
  return {
    words: deleted ? `${email} and its mails are deleted.` : `${email} is not on the list.`,
    json: { deleted },
  };
}

async function writeCsv({ db }: WaitlistDeps): Promise<undefined> {
  for await (const line of exportWaitlist({ db }))
    if (!process.stdout.write(line)) await once(process.stdout, "drain");
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

/** What an area of operator commands is made of. scripts/molt.ts picks the command and prints its answer. */
import type { ParseArgsOptionsConfig } from "node:util";
import type { Deps } from "../../apps/api/src/deps.ts";
import { StartError } from "../lib/data-dir.ts";

export type OperatorDeps = Pick<Deps, "db" | "clock">;

/** The same answer twice: words for a person, `json` for `--json`. */
export interface Said {
  words: string;
  json: object;
  /** The command did its work and found something wrong: exit code 1. */
  failed?: boolean;
}

/** What stood behind the command's name. Flags are checked against `options` before. */
export interface Words {
  rest: string[];
  flags: Readonly<Record<string, string | boolean | undefined>>;
}

export interface Command {
  /** The flags it takes besides `--json`. */
  options?: ParseArgsOptionsConfig;
  /** It writes its own output (CSV), so `--json` does not go with it. */
  writesItself?: boolean;
  /** @throws {StartError} with a sentence, for words it does not take. */
  read(words: Words): (deps: OperatorDeps) => Promise<Said | undefined>;
}

export interface Area {
  /** Lines of the help, two blanks in front. */
  usage: string;
  /** By name; an area that is one command has it under "". */
  commands: Readonly<Record<string, Command>>;
}

/** The one word a command takes. @throws {StartError} when there is none, or more. */
export function onlyWord({ rest }: Words, what: string): string {
  const [word, ...more] = rest;
  if (word === undefined || more.length > 0) throw new StartError(`Name ${what}, and nothing else.`);
  return word;
}

/** @throws {StartError} when something stands behind a command that takes nothing. */
export function noWords({ rest }: Words): void {
  if (rest.length > 0) throw new StartError(`That is not a command: ${JSON.stringify(rest[0])} is too much.`);
}

/** The text of a flag that takes one; undefined when it was not given. */
export function textFlag({ flags }: Words, name: string): string | undefined {
  const value = flags[name];
  return typeof value === "string" ? value : undefined;
}

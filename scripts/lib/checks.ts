import { run } from "./run.ts";

export interface Check {
  name: string;
  command: readonly string[];
}

export const checks: readonly Check[] = [
  { name: "format", command: ["oxfmt", "--check"] },
  { name: "lint", command: ["oxlint", "--type-aware"] },
  { name: "types: server, stand-ins, scripts", command: ["tsc", "-p", "tsconfig.json"] },
  { name: "types: app", command: ["tsc", "-p", "apps/app"] },
  { name: "types: landing", command: ["tsc", "-p", "apps/landing"] },
  { name: "unused code and dependencies", command: ["knip", "--no-progress"] },
];

/** One after the other (two of them want both cores). @returns the names of those that failed. */
export async function runChecks(list: readonly Check[]): Promise<string[]> {
  const failed: string[] = [];
  for (const { name, command } of list) {
    const { ok, output, seconds } = await run(command);
    console.log(`${ok ? "✓" : "✗"} ${name} (${seconds.toFixed(1)} s)`);
    if (ok) continue;
    failed.push(name);
    console.log(output.trim().split("\n").slice(-60).join("\n"));
  }
  return failed;
}

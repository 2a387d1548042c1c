/** `npm run fix`: formats everything and applies the linter's safe corrections. */
import { run } from "./lib/run.ts";

for (const command of [["oxlint", "--fix"], ["oxfmt"]]) {
  const { ok } = await run(command, { live: true });
  if (!ok) process.exitCode = 1;
}

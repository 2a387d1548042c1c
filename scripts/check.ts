/** `npm run check`: format, lint with the walls, types of the three programs, nothing unused. */
import { checks, runChecks } from "./lib/checks.ts";

const failed = await runChecks(checks);
process.exitCode = failed.length > 0 ? 1 : 0;

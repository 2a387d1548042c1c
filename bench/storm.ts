/**
 * `npm run bench -- storm`: 2,000 streams, 30 % of the callers hang up, 10 % of the answers break
 * off, the proxy is killed 100 times and Postgres 3 times. Prints what happened and every promise
 * that was broken; ends with 1 if there is one.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { migrate } from "../apps/api/src/db/migrate.ts";
import { startPostgres } from "../local/postgres/postgres.ts";
import { prepareDatabase } from "../local/postgres/prepare.ts";
import { freePort } from "../scripts/lib/ports.ts";
import { storm } from "./storm/storm.ts";

export async function benchStorm(): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "molt-storm-"));
  const port = await freePort();
  const start = () => startPostgres({ dataDir, port, durable: true });
  let postgres = await start();
  try {
    await prepareDatabase(postgres.url, "storm");
    const database = postgres.url("storm");
    await migrate(database);
    const began = performance.now();
    const { violations, figures, kills, quakes } = await storm({
      database,
      calls: 2_000,
      lanes: 40,
      bots: 20,
      leaving: 0.3,
      cuts: 0.1,
      kills: 100,
      quakes: {
        count: 3,
        async strike() {
          await killWithChildren(postgres.pid);
          await postgres.exited;
          postgres = await start();
        },
      },
      progress: (done) =>
        console.log(`  ${done} calls are over after ${((performance.now() - began) / 1000).toFixed(0)} s`),
    });
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`  ${kills} kill -9 of the proxy, ${quakes} of Postgres, ${seconds} s`);
    for (const [name, count] of Object.entries(figures))
      console.log(`  ${String(count).padStart(6)}  ${name}`);
    for (const violation of violations.slice(0, 50)) console.log(`  broken: ${violation}`);
    console.log(violations.length === 0 ? "  every promise held" : `  ${violations.length} promises broken`);
    if (violations.length > 0) process.exitCode = 1;
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** As a crash of the whole server: without the children no shared memory is left for the next start. */
async function killWithChildren(pid: number): Promise<void> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  for (const victim of [pid, ...children.trim().split(" ").filter(Boolean).map(Number)]) {
    try {
      process.kill(victim, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it went before its turn
    }
  }
}

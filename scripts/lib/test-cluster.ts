/** A Postgres cluster for tests: not durable, with the migrated database that tests copy. */
import { migrate } from "../../apps/api/src/db/migrate.ts";
import { startPostgres } from "../../local/postgres/postgres.ts";
import { prepareDatabase } from "../../local/postgres/prepare.ts";
import { freePort } from "./ports.ts";

export interface TestCluster {
  /** The administrator's address. */
  url: string;
  stop(): Promise<void>;
}

export async function startTestDatabase(dataDir: string): Promise<TestCluster> {
  const postgres = await startPostgres({ dataDir, port: await freePort(), durable: false });
  await prepareDatabase(postgres.url, "molt_template");
  await migrate(postgres.url("molt_template"));
  return { url: postgres.url("postgres"), stop: () => postgres.stop() };
}

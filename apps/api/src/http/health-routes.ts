import { getStatus, healthz, readyz } from "@molt/contract";
import { sql } from "kysely";
import { isMigrated } from "../db/migrate.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { isWorkerAlive } from "../jobs/beats.ts";
import { isProxyAlive } from "../models/is-proxy-alive.ts";
import { serve, type Server } from "./serve.ts";

export function healthRoutes(server: Server, { config, db, log }: Deps): void {
  serve(server, healthz, async () => ({ ok: true as const, version: config.version }));
  serve(server, readyz, async () => {
    try {
      const { rows } = await sql<{
        version: string;
      }>`select version from supabase_migrations.schema_migrations`.execute(db);
      if (!(await isMigrated(rows.map((row) => row.version))))
        throw new AppError("unavailable", "database: migrations are missing");
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError("unavailable", "database: cannot be reached", { cause });
    }
    return { ready: true as const };
  });
  serve(server, getStatus, async () => {
    const { version } = config;
    try {
      const [worker, models] = await Promise.all([isWorkerAlive(db), isProxyAlive({ db })]);
      return { version, database: "ok" as const, worker: stateOf(worker), models: stateOf(models) };
    } catch (err) {
      log.warn({ err }, "the database does not answer, so nothing is known of the other parts");
      return {
        version,
        database: "trouble" as const,
        worker: "unknown" as const,
        models: "unknown" as const,
      };
    }
  });
}

function stateOf(isAlive: boolean): "ok" | "trouble" {
  return isAlive ? "ok" : "trouble";
}

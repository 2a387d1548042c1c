import { healthz, readyz } from "@molt/contract";
import { sql } from "kysely";
import { isMigrated } from "../db/migrate.ts";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { serve, type Server } from "./serve.ts";

export function healthRoutes(server: Server, { config, db }: Deps): void {
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
}

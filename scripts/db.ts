/**
 * `npm run db`: applies the migrations to DATABASE_URL, or says what is already there.
 * `npm start` does this by itself; this is for an operator's own database.
 */
import { migrate } from "../apps/api/src/db/migrate.ts";

const url = process.env["DATABASE_URL"];
if (!url) {
  console.error("Set DATABASE_URL to the database that is to be migrated.");
  process.exitCode = 1;
} else {
  const applied = await migrate(url);
  console.log(
    applied.length > 0 ? `Applied: ${applied.join(", ")}.` : "Nothing to do: every migration is there.",
  );
}

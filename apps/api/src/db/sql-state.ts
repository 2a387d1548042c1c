/** What kind of failure a statement ended in, by its SQLSTATE. */
import pg from "pg";

/** Classes 22 and 23: the values themselves are refused, and will be refused again. */
export function isDataError(error: unknown): boolean {
  return /^2[23]/.test(stateOf(error));
}

/**
 * A deadlock, a serialization failure, or a row that was deleted while the statement waited for it: the
 * same statement succeeds once the other one is through.
 */
export function isConflict(error: unknown): boolean {
  return ["40P01", "40001", "23503"].includes(stateOf(error));
}

function stateOf(error: unknown): string {
  return (error instanceof pg.DatabaseError ? error.code : undefined) ?? "";
}

/** Shared scalar types: what every text, id and amount on the wire must look like. */
import { z } from "zod";

/**
 * Text from a person. Postgres refuses NUL (22021) and silently replaces lone surrogates, so both
 * are refused here with a reason instead of being changed there without one.
 */
export const plainText = (max: number) =>
  z
    .string()
    .max(max)
    .refine((s) => !s.includes("\u0000") && isWellFormed(s), "contains characters that cannot be stored");

/** True when every surrogate has its partner. Hermes lacks String.prototype.isWellFormed, hence by pattern. */
function isWellFormed(s: string): boolean {
  return !/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/.test(s);
}

export const emailAddress = z
  .string()
  .trim()
  .max(254)
  .transform((s) => s.normalize("NFKC").toLowerCase())
  .pipe(z.email());

export const uuid = z.uuid();
/** ISO 8601 with offset. */
export const instant = z.iso.datetime({ offset: true });
/** Whole pico-dollars (1_000_000_000_000 = $1) as decimal text, because JSON has no bigint. */
export const picos = z.string().regex(/^\d{1,19}$/);
/** A token count. Bounded so that nonsense from outside cannot poison a sum. */
export const tokenCount = z.int().nonnegative().max(1_000_000_000_000);

import type { z } from "zod";

/** Who may call: anybody, a signed-in user (Supabase JWT), a bot (its model key), or a signed webhook. */
export type Caller = "anyone" | "user" | "bot" | "stripe";

export interface Endpoint<
  I extends z.ZodType = z.ZodType,
  O extends z.ZodType = z.ZodType,
  C extends Caller = Caller,
> {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: `/${string}`;
  readonly summary: string;
  readonly caller: C;
  /** JSON unless it says otherwise; then the output is text, sent as it is. */
  readonly contentType?: "text/csv";
  /** Answered also for an account that is being deleted; every other endpoint says `account_ending`. */
  readonly whileEnding?: true;
  /** Query for GET, JSON body otherwise. Strict: an unknown key is an error, not silence. */
  readonly input: I;
  /** Parsed on the way out as well, so that an extra column can never leak. */
  readonly output: O;
}

/**
 * Declares one endpoint as data. The api serves it, the app and the scripts call it, /openapi.json
 * documents it: one source for all three.
 * @example
 * export const getUsage = endpoint({ method: "GET", path: "/usage", caller: "user", … });
 */
export function endpoint<I extends z.ZodType, O extends z.ZodType, C extends Caller>(
  definition: Endpoint<I, O, C>,
): Endpoint<I, O, C> {
  return definition;
}

/** Whether a request asks for its prompt to be cached for an hour: such a write costs more than the usual one. */
import { isObject } from "./check-fields.ts";

/** What is cached lies five minutes, all of it an hour, or some of it an hour and some not. */
export type HourCache = "none" | "all" | "some";

/** Everything that can spell `1h` in JSON. */
const HOUR = ["1h", String.raw`\u`];

/** Looks through requests alone that have one of the marks. @param bytes that `checkJson` has let through. */
export function hourCache(bytes: Buffer, body: Record<string, unknown>): HourCache {
  if (!HOUR.some((mark) => bytes.includes(mark))) return "none";
  const found = new Set<unknown>();
  collect(body, found);
  if (!found.has("1h")) return "none";
  return found.size === 1 ? "all" : "some";
}

/** The `ttl` of every `cache_control`; undefined where it has none, which is five minutes. */
function collect(value: unknown, found: Set<unknown>): void {
  if (Array.isArray(value)) for (const entry of value) collect(entry, found);
  else if (isObject(value))
    for (const [name, entry] of Object.entries(value)) {
      if (name === "cache_control" && isObject(entry)) found.add(entry["ttl"] ?? undefined);
      else collect(entry, found);
    }
}

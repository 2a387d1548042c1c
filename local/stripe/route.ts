/** A route of the API as data, and what the routes share: pages and expansion. */
import { listOf, type Act } from "./act.ts";
import { invalid } from "./errors.ts";
import type { Params } from "./params.ts";
import type { Where } from "./store.ts";
import type { Documents, Kind, List } from "./types.ts";
import { sessionLines } from "./objects/session-lines.ts";

export interface Route {
  method: "GET" | "POST" | "DELETE";
  /** `/v1/customers/:id`; a segment with a colon is handed over in `ids`. */
  path: string;
  run(act: Act, params: Params, ids: Record<string, string>): Promise<unknown>;
}

export async function pageOf<K extends Kind>(
  act: Act,
  params: Params,
  query: { kind: K; url: string; where?: Where },
): Promise<List<Documents[K]>> {
  const { data, more } = await act.tx.page(query.kind, query.where ?? {}, {
    limit: params.integer("limit", { min: 1, max: 100 }) ?? 10,
    startingAfter: params.text("starting_after"),
    endingBefore: params.text("ending_before"),
  });
  return listOf(data, query.url, more);
}

/** Turns the named ids into objects, `data.customer` style paths included. */
export async function expand(act: Act, object: unknown, paths: string[]): Promise<unknown> {
  let result = object;
  for (const path of paths) {
    const keys = path.split(".");
    if (keys.length > 4)
      throw invalid("You cannot expand more than 4 levels of a property.", { param: "expand" });
    result = await expandPath(act, result, keys);
  }
  return result;
}

async function expandPath(act: Act, object: unknown, keys: string[]): Promise<unknown> {
  const [key, ...rest] = keys;
  if (key === undefined || object === null) return object;
  if (Array.isArray(object)) {
    const entries: unknown[] = [];
    for (const entry of object) entries.push(await expandPath(act, entry, keys));
    return entries;
  }
  if (typeof object !== "object") throw notExpandable(key);
  const fields = object as Record<string, unknown>; // checked above: a plain JSON object
  if (key === "line_items" && fields["object"] === "checkout.session") {
    const session = await act.tx.need("checkout.session", String(fields["id"]));
    return {
      ...fields,
      line_items: listOf(await sessionLines(act, session), `/v1/checkout/sessions/${session.id}/line_items`),
    };
  }
  const value = fields[key];
  if (value === undefined) throw notExpandable(key);
  const whole = typeof value === "string" ? await act.tx.findAny(value) : value;
  if (
    whole === undefined ||
    (rest.length === 0 && typeof value === "object" && value !== null && key === "data")
  ) {
    throw notExpandable(key);
  }
  return { ...fields, [key]: await expandPath(act, whole, rest) };
}

function notExpandable(key: string): Error {
  return invalid(
    `This property cannot be expanded (${key}). You may want to try expanding 'data.${key}' instead.`,
    { param: "expand" },
  );
}

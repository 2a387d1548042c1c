/**
 * Where a reader came from, if the address of the page says so: `?ref=` of a friend, `?utm_…` of a
 * campaign. Nothing of it is stored in the browser; links carry it along until the waitlist is reached.
 */
const names = ["ref", "utm_source", "utm_campaign"] as const;

/** What of it goes to the waitlist. */
export function originOf(search: string): Record<string, string> {
  const query = new URLSearchParams(search);
  const kept: Record<string, string> = {};
  const ref = query.get("ref");
  if (ref && /^[a-z0-9]{8}$/.test(ref)) kept["referredBy"] = ref;
  const source = query.get("utm_source");
  if (source) kept["source"] = source.slice(0, 100);
  const campaign = query.get("utm_campaign");
  if (campaign) kept["campaign"] = campaign.slice(0, 100);
  return kept;
}

/** @returns the query of a link to another page with the reader's origin in it; undefined when it lacks nothing. */
export function carried(from: string, to: string): string | undefined {
  const [here, there] = [new URLSearchParams(from), new URLSearchParams(to)];
  const missing = names.filter((name) => here.get(name) && !there.has(name));
  for (const name of missing) there.set(name, here.get(name) ?? "");
  return missing.length > 0 ? there.toString() : undefined;
}

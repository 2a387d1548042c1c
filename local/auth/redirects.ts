/** Where a link may lead after it was opened: exact addresses from the configuration, else SITE_URL. */
export interface Redirects {
  /** The wanted address when it is allowed, else the site's own. Never an address of a stranger. */
  resolve(wanted: unknown): string;
}

export function createRedirects(siteUrl: string, allowed: readonly string[]): Redirects {
  const exact = new Set([siteUrl, ...allowed].map(normal));
  return {
    resolve(wanted) {
      if (typeof wanted !== "string" || wanted.length > 2_000) return siteUrl;
      const form = normal(wanted);
      return form !== undefined && exact.has(form) ? form : siteUrl;
    },
  };
}

/** Two spellings of one address are equal (`http://A.b` and `http://a.b/`); the fragment is ours. */
function normal(address: string): string | undefined {
  const url = URL.parse(address);
  if (!url) return undefined;
  url.hash = "";
  return url.href;
}

/** Adds parameters behind `#`, and behind `?` as well when asked. */
export function withResult(
  target: string,
  values: Record<string, string>,
  where: { query?: boolean; fragment?: boolean } = { fragment: true },
): string {
  const url = new URL(target);
  if (where.query) for (const [name, value] of Object.entries(values)) url.searchParams.set(name, value);
  if (where.fragment) url.hash = new URLSearchParams({ ...values, sb: "" }).toString();
  return url.href;
}

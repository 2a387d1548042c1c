/**
 * What stands behind the # of a link in a sign-in mail: what it does, and the proof, `magiclink.pkce_…`. There no
 * server sees it, and nobody who only looks at the page, as mail scanners do, uses it up.
 */
const TYPES = ["signup", "magiclink", "recovery", "invite", "email_change"] as const;
export type LinkType = (typeof TYPES)[number];

export interface MailLink {
  readonly type: LinkType;
  readonly tokenHash: string;
}

/** @param hash as `location.hash` has it. Undefined when it is not whole. */
export function readLink(hash: string): MailLink | undefined {
  const [, name, tokenHash] = /^#([a-z_]{1,20})\.([A-Za-z0-9_-]{16,200})$/.exec(hash) ?? [];
  const type = TYPES.find((known) => known === name);
  return type && tokenHash ? { type, tokenHash } : undefined;
}

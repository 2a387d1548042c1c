/** Providers that ignore dots in the name, and the one name each is known by. */
const dotless: Record<string, string> = { "gmail.com": "gmail.com", "googlemail.com": "gmail.com" };

/**
 * One spelling for one mailbox: what comes after a `+` is a label, and Gmail ignores dots. Mail is
 * sent to the address as it was given; only the question "do we know this mailbox" uses this one.
 * @param email as the contract's `emailAddress` parses it: trimmed, NFKC, lower case.
 */
export function canonicalEmail(email: string): string {
  const at = email.lastIndexOf("@");
  const [name, domain] = [email.slice(0, at), email.slice(at + 1)];
  const plus = name.indexOf("+");
  const unlabelled = plus > 0 ? name.slice(0, plus) : name;
  const known = dotless[domain];
  return known ? `${unlabelled.replaceAll(".", "")}@${known}` : `${unlabelled}@${domain}`;
}

/** Whether something stands after a `+`. Where hosts do not read it as a label, it is somebody else's mailbox. */
export function isLabelled(email: string): boolean {
  return email.lastIndexOf("+", email.lastIndexOf("@")) > 0;
}

export function domainOf(email: string): string {
  return email.slice(email.lastIndexOf("@") + 1);
}

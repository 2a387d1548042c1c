/** Error bodies of providers may quote a key. Nothing shaped like one passes. */

const SHAPES = [/\bsk-[A-Za-z0-9_*.-]{6,}/g, /\bAIza[A-Za-z0-9_-]{20,}/g];

/** @param keys every key of ours; each is replaced wherever it stands. */
export function redactKeys(text: string, keys: readonly string[]): string {
  let clean = text;
  for (const key of keys) if (key.length >= 6) clean = clean.replaceAll(key, "[secret]");
  for (const shape of SHAPES) clean = clean.replace(shape, "[secret]");
  return clean;
}

/**
 * Whether the provider talks about the operator's account: no money there, or a key that is no good.
 * That is nothing a bot can act on, and its words would make OpenClaw switch the provider off.
 */
export function isAboutOurAccount(status: number, text: string): boolean {
  if (status === 401 || status === 402 || status === 403) return true;
  return (
    status >= 400 &&
    /credit balance|billing|insufficient_quota|exceeded your current quota|payment required/i.test(text)
  );
}

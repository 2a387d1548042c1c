/** Error bodies of providers may quote a key. Nothing shaped like one passes. */

const SHAPES = [/\bsk-[A-Za-z0-9_*.-]{6,}/g, /\bAIza[A-Za-z0-9_-]{20,}/g];

/** @param keys every key of ours; each is replaced wherever it stands. */
export function redactKeys(text: string, keys: readonly string[]): string {
  let clean = text;
  for (const key of keys) if (key.length >= 6) clean = clean.replaceAll(key, "[secret]");
  for (const shape of SHAPES) clean = clean.replace(shape, "[secret]");
  return clean;
}

/** What providers call their errors about an account or a key, as `type` or `code`. Nobody's text gets in there. */
const ACCOUNT_ERRORS: ReadonlySet<unknown> = new Set([
  // Anthropic
  "authentication_error",
  "billing_error",
  "permission_error",
  // OpenAI
  "account_deactivated",
  "billing_hard_limit_reached",
  "billing_not_active",
  "insufficient_quota",
  "invalid_api_key",
]);
/** Where only the sentence says it, and which status it comes with. */
const ACCOUNT_SENTENCES: readonly { status: number; begin: string }[] = [
  { status: 400, begin: "Your credit balance is too low to access the Anthropic API" },
  { status: 429, begin: "You exceeded your current quota, please check your plan and billing details" },
];

/**
 * Whether the provider talks about the operator's account: no money there, or a key that is no good.
 * That is nothing a bot can act on, and its words would make OpenClaw switch the provider off. Judged
 * by what the provider chose: an error may quote the bot, which may speak of billing as it likes.
 */
export function isAboutOurAccount(status: number, body: string): boolean {
  // The key is ours and so is the account: whatever else is written there.
  if (status === 401 || status === 402 || status === 403) return true;
  if (status < 400) return false;
  const { type, code, message } = errorOf(body);
  if (ACCOUNT_ERRORS.has(type) || ACCOUNT_ERRORS.has(code)) return true;
  return ACCOUNT_SENTENCES.some(
    (known) => known.status === status && typeof message === "string" && message.startsWith(known.begin),
  );
}

/** The `error` of a body; of one that is no JSON, the text is the message. */
function errorOf(body: string): Record<string, unknown> {
  try {
    const { error } = Object(JSON.parse(body)) as Record<string, unknown>; // an object has any names
    return typeof error === "string" ? { message: error } : (Object(error) as Record<string, unknown>);
  } catch {
    return { message: body };
  }
}

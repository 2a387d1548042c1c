/** Splits a stored session into the part that must be secret for long and the rest, and back. */

/** What is not a session (a verifier, a marker) goes into the secret part whole. */
export function splitSession(value: string): { open: string; secret: string } {
  const parsed = parseObject(value);
  if (typeof parsed?.["refresh_token"] !== "string") return { open: "", secret: value };
  const { refresh_token, ...rest } = parsed;
  return { open: JSON.stringify(rest), secret: refresh_token };
}

export function joinSession(open: string | null, secret: string | null): string | null {
  if (secret === null || open === null) return null;
  if (open === "") return secret;
  const parsed = parseObject(open);
  return parsed ? JSON.stringify({ ...parsed, refresh_token: secret }) : null;
}

function parseObject(text: string): (Record<string, unknown> & { refresh_token?: string }) | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    // Not JSON, hence not a session: the caller keeps it whole.
    return null;
  }
}

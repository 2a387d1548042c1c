/**
 * One JSON object a line on stderr. Secrets are removed by value, not by field name: whatever a
 * message, an error or the gateway's own output says, a known token never reaches the log.
 */
export interface Log {
  info(words: string, fields?: Record<string, unknown>): void;
  warn(words: string, fields?: Record<string, unknown>): void;
  error(words: string, fields?: Record<string, unknown>): void;
}

const MAX_LINE_CHARS = 8_000;

/** Replaces every known secret in a text. Secrets shorter than 8 characters are not secrets. */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const known = secrets.filter((secret) => secret.length >= 8);
  return (text) => known.reduce((clean, secret) => clean.replaceAll(secret, "[secret]"), text);
}

/** A log on `write` (stderr in the machine, an array in tests), every line redacted and bounded. */
export function createLog(write: (line: string) => void, secrets: readonly string[]): Log {
  const redact = redactor(secrets);
  const say = (level: string, words: string, fields: Record<string, unknown> = {}) => {
    const plain = Object.fromEntries(
      Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? describe(value) : value]),
    );
    const line = JSON.stringify({ t: new Date().toISOString(), level, words, ...plain });
    write(`${redact(line).slice(0, MAX_LINE_CHARS)}\n`);
  };
  return {
    info: (words, fields) => say("info", words, fields),
    warn: (words, fields) => say("warn", words, fields),
    error: (words, fields) => say("error", words, fields),
  };
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return `${error.message}${cause}`;
}

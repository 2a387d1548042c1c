/** Structured logs on stderr, without secrets: by field name, by known value and by shape. */
import pino, { type Logger } from "pino";

export type { Logger };

/** Shapes of keys that must never be printed, whatever field they sit in. */
const SHAPES = [
  /\bsk_(?:test|live)_[A-Za-z0-9]{8,}/g,
  /\bwhsec_[A-Za-z0-9+/=_-]{8,}/g,
  /\bsk-(?:ant-|or-|proj-)?[A-Za-z0-9_-]{16,}/g,
  /\bmolt_[A-Za-z0-9_-]{43}/g,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]+/g,
  /(postgres(?:ql)?:\/\/[^:\s]+:)[^@\s]+(?=@)/g,
];

/**
 * @param secrets values from the configuration; each is replaced wherever it appears in a line.
 * @param level `silent` in tests.
 */
export function createLog(secrets: readonly string[], level = "info"): Logger {
  const known = secrets.filter((secret) => secret.length >= 8);
  const destination = {
    write(line: string) {
      process.stderr.write(redact(line, known));
    },
  };
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}

/** Replaces known secrets and everything shaped like one. */
export function redact(line: string, known: readonly string[]): string {
  let clean = line;
  for (const secret of known) clean = clean.replaceAll(secret, "[secret]");
  for (const shape of SHAPES)
    clean = clean.replace(shape, (_all, kept: unknown) => `${typeof kept === "string" ? kept : ""}[secret]`);
  return clean;
}

/** What may be logged and noted of an error: mail servers and databases repeat the recipient in theirs. */

export interface DescribedError {
  type: string;
  /** With the causes', the nearest first. */
  message: string;
  stack: string | undefined;
  code?: unknown;
  /** Of SMTP: what was answered, and to which command. */
  responseCode?: unknown;
  command?: unknown;
}

/** Whatever is shaped like an address; the recipient's own may be of any shape. */
const ADDRESS = /[^\s<>()[\],;:"'\\]+@[^\s<>()[\],;:"'\\]+/gu;

export function describeError(error: unknown, recipient: string): DescribedError {
  const clean = (text: string) =>
    text.replace(new RegExp(RegExp.escape(recipient), "giu"), "[address]").replace(ADDRESS, "[address]");
  if (!(error instanceof Error))
    return { type: typeof error, message: clean(String(error)), stack: undefined };
  const { code, responseCode, command } = innermost(error) as Error & Omit<DescribedError, "message">;
  return {
    type: error.name,
    message: clean(messages(error).join(": ")),
    stack: error.stack === undefined ? undefined : clean(error.stack),
    ...(code === undefined ? {} : { code }),
    ...(responseCode === undefined ? {} : { responseCode }),
    ...(command === undefined ? {} : { command }),
  };
}

/** Nobody builds longer chains; a cause that is its own cause must not hold up the mails. */
const MAX_CAUSES = 5;

function chain(error: Error): Error[] {
  const found = [error];
  while (found.length <= MAX_CAUSES) {
    const cause = found.at(-1)?.cause;
    if (!(cause instanceof Error)) break;
    found.push(cause);
  }
  return found;
}
const messages = (error: Error) => chain(error).map(({ message }) => message);
const innermost = (error: Error) => chain(error).at(-1) ?? error;

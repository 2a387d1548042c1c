/** One JSON line on stderr per event. stdout belongs to the ready line. */
export type Log = (message: string, fields?: Record<string, unknown>) => void;

export const log: Log = (message, fields = {}) => {
  const err = fields["err"];
  const shown = err instanceof Error ? { ...fields, err: err.stack ?? err.message } : fields;
  process.stderr.write(
    `${JSON.stringify({ at: new Date().toISOString(), from: "machines", message, ...shown })}\n`,
  );
};

import type { CallLedger } from "../ledger.ts";

/** Allows every call at once and keeps nothing: what a measurement of the proxy without its ledger runs on. */
export async function noLedger(): Promise<CallLedger> {
  const nothing = () => undefined;
  return {
    reserve: async () => ({ refusal: null, cause: "background" }),
    track: nothing,
    settle: async () => undefined,
    giveUp: nothing,
    close: async () => undefined,
  };
}

import { accountStates } from "../accounts/account-state.ts";
import type { Deps } from "../deps.ts";
import type { Devices } from "./device.ts";

const NOT_SIGNED_IN = 4401;
const reason = "the account is being deleted";

/**
 * Closes the sockets of accounts that end: their tokens live on for some minutes, the right to write
 * does not (I11, F76). @returns a function that stops listening.
 */
export function closeEnded(
  { db, events, log }: Pick<Deps, "db" | "events" | "log">,
  devices: Devices,
): () => void {
  return events.subscribe("account", ({ userId }) => {
    if (userId) return devices.close(userId, NOT_SIGNED_IN, reason);
    // Notifications were lost while we reconnected: nobody is named, so everybody here is looked up.
    accountStates(db, devices.users()).then(
      (states) => {
        for (const ended of states.keys()) devices.close(ended, NOT_SIGNED_IN, reason);
      },
      (err: unknown) => log.error({ err }, "sockets of ended accounts may stay open until their tokens end"),
    );
  });
}

/** The advisory lock on a machine between programs that share it. */
import { conflict } from "./fly-error.ts";
import type { FlyError } from "./fly-error.ts";
import { nonce } from "./ids.ts";
import type { Machine } from "./machine.ts";
import type { Lease } from "./types.ts";

export function activeLease(machine: Machine): Lease | undefined {
  const { lease } = machine.record;
  return lease !== null && lease.expiresAt > Date.now() ? lease : undefined;
}

export const leaseHeld = (lease: Lease): FlyError =>
  conflict(`lease currently held by ${lease.owner}, expires at ${new Date(lease.expiresAt).toISOString()}`);

/** Gives the lease, or renews it for whoever knows its nonce. */
export async function giveLease(
  machine: Machine,
  ttlS: number,
  options: { nonce?: string | undefined; description: string },
): Promise<Lease> {
  const held = activeLease(machine);
  if (held !== undefined && held.nonce !== options.nonce) throw leaseHeld(held);
  const lease: Lease = {
    nonce: held?.nonce ?? nonce(),
    expiresAt: Date.now() + ttlS * 1000,
    owner: "token",
    description: options.description,
  };
  machine.record.lease = lease;
  await machine.save();
  return lease;
}

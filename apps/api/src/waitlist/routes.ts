import * as contract from "@molt/contract";
import type { Deps } from "../deps.ts";
import { serve, type Server } from "../http/serve.ts";
import { confirmWaitlist } from "./confirm-waitlist.ts";
import { joinWaitlist } from "./join-waitlist.ts";
import { leaveWaitlist } from "./leave-waitlist.ts";
import { AddressLimit, limits, perDay, perMinute, perSiteDay } from "./limits.ts";

/** Known or new, real or trapped: every answer of `join` takes at least this long, so time tells nothing. */
const JOIN_MS = 150;
/** Links are clicked by hand; whoever guesses tokens is slowed down long before 2^256 matters. */
const CLICKS_PER_MINUTE = 20;

export function waitlistRoutes(server: Server, deps: Deps): void {
  const joins = new AddressLimit(
    deps.clock,
    perMinute(limits.perAddress),
    perDay(limits.perAddressDay),
    perSiteDay(limits.perSiteDay),
  );
  const clicks = new AddressLimit(deps.clock, perMinute(CLICKS_PER_MINUTE));

  serve(server, contract.joinWaitlist, async (input, { ip }) => {
    joins.count(ip);
    const began = deps.clock.monotonicMs();
    await joinWaitlist(deps, input);
    await deps.clock.sleep(Math.max(0, JOIN_MS - (deps.clock.monotonicMs() - began)));
    return { ok: true } as const;
  });
  serve(server, contract.confirmWaitlist, async ({ token }, { ip }) => {
    clicks.count(ip);
    return confirmWaitlist(deps, token);
  });
  serve(server, contract.leaveWaitlist, async ({ token }, { ip }) => {
    clicks.count(ip);
    await leaveWaitlist(deps, token);
    return { ok: true } as const;
  });
}

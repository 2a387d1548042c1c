import * as contract from "@molt/contract";
import type { Deps } from "../deps.ts";
import { ensureUser } from "../accounts/ensure-user.ts";
import { type Server, serve } from "../http/serve.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { confirmCheckout } from "./confirm-checkout.ts";
import { createCheckout } from "./create-checkout.ts";
import { createPortal } from "./create-portal.ts";
import { ensureCatalog } from "./ensure-catalog.ts";
import { handleStripeEvents } from "./handle-stripe-events.job.ts";
import { receiveEvent } from "./receive-event.ts";
import { createSweep } from "./sweep-subscriptions.job.ts";

/** Stripe's events are a few kilobytes; whatever is larger is refused before it is read. */
const maxEventBytes = 1_048_576;
/** Stripe sends from a few addresses; a flood from one is refused before any signature is computed. */
const eventsPerMinute = 12_000;

const dayMs = 24 * 60 * 60_000;

export function billingRoutes(server: Server, deps: Deps): void {
  serve(server, contract.createCheckout, async (_input, caller) => {
    await ensureUser(deps, caller);
    return createCheckout(deps, caller.userId);
  });
  serve(server, contract.confirmCheckout, ({ sessionId }, caller) =>
    confirmCheckout(deps, caller.userId, sessionId),
  );
  serve(server, contract.createPortal, (_input, caller) => createPortal(deps, caller.userId));
  webhookRoute(server, deps);
}

/** In a scope of its own, because its body must stay the bytes that were signed. */
function webhookRoute({ app }: Server, deps: Deps): void {
  // Fastify hears of a failure here itself, when it gets ready.
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      "*",
      { parseAs: "buffer", bodyLimit: maxEventBytes },
      (_request, body, done) => {
        done(null, body);
      },
    );
    scope.route({
      method: contract.stripeWebhook.method,
      url: contract.stripeWebhook.path,
      bodyLimit: maxEventBytes,
      config: { rateLimit: { max: eventsPerMinute, timeWindow: 60_000 } },
      async handler(request) {
        const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
        const signature = request.headers["stripe-signature"];
        const answer = await receiveEvent(deps, body, typeof signature === "string" ? signature : undefined);
        return contract.stripeWebhook.output.parse(answer);
      },
    });
  });
}

/** Events as they come, every plan once a day and at each start, and the catalogue before anybody pays. */
export function billingLoops(deps: Deps): Loop[] {
  return [
    startLoop(deps, {
      name: "stripe events",
      everyMs: 5_000,
      wakeOn: "stripe",
      run: (signal) => handleStripeEvents(deps, signal),
    }),
    startLoop(deps, { name: "plan sweep", everyMs: dayMs, run: createSweep(deps) }),
    startLoop(deps, {
      name: "catalogue",
      everyMs: dayMs,
      run: async () => {
        await ensureCatalog(deps);
        return "";
      },
    }),
  ];
}

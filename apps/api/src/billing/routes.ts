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
import { createMetering } from "./report-usage.job.ts";
import { receiveEvent, receiveNotification } from "./receive-event.ts";
import { confirmBatches } from "./confirm-batches.job.ts";
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
  webhookRoutes(server, deps);
}

/** In a scope of their own, because their bodies must stay the bytes that were signed. */
function webhookRoutes({ app }: Server, deps: Deps): void {
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
    for (const { endpoint, receive } of [
      { endpoint: contract.stripeWebhook, receive: receiveEvent },
      { endpoint: contract.stripeMeterWebhook, receive: receiveNotification },
    ]) {
      scope.route({
        method: endpoint.method,
        url: endpoint.path,
        bodyLimit: maxEventBytes,
        config: { rateLimit: { max: eventsPerMinute, timeWindow: 60_000 } },
        async handler(request) {
          const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
          const signature = request.headers["stripe-signature"];
          const answer = await receive(deps, body, typeof signature === "string" ? signature : undefined);
          return endpoint.output.parse(answer);
        },
      });
    }
  });
}

/**
 * Events as they come, every plan once a day and at each start, the catalogue before anybody pays, and
 * what was used to the meter every minute, looked after every hour.
 */
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
    startLoop(deps, { name: "meter", everyMs: 60_000, run: createMetering(deps) }),
    startLoop(deps, {
      name: "meter confirmation",
      everyMs: 60 * 60_000,
      run: (signal) => confirmBatches(deps, signal),
    }),
  ];
}

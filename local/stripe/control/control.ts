/**
 * `/__control`: what only tests may ask of the stand-in, present with CONTROL=1 alone.
 * GET  /__control/truth            every accepted change, oldest first
 * GET  /__control/meter_events     every accepted meter event, rejected ones marked
 * GET  /__control/deliveries       the webhook queue
 * POST /__control/faults           { api: ApiFault[], delivery: DeliveryFaults (partial), seed }; replaces all
 * POST /__control/clock            { advanceSeconds } or { to }; takes every boundary in between
 * POST /__control/pay              { session, way: "works" | "declined" | "later" }: the button, without a browser
 * POST /__control/settle           { session, succeeded }: the bank's answer to a delayed payment
 * POST /__control/redeliver        { event }: sends an event once more
 * POST /__control/drop_meter_events { code, identifiers }: drops events it had taken, and reports them
 * POST /__control/shift_meter_events { seconds } or { identifier, to }: events it has, at another time
 */
import type { FastifyInstance } from "fastify";
import type { Settings } from "../act.ts";
import { billingNow } from "../clock.ts";
import { actNow, runDue } from "../cycle/due.ts";
import { paySession, settleSession } from "../cycle/pay-session.ts";
import { invalid } from "../errors.ts";
import { dropMeterEvents } from "../objects/meters.ts";
import { checkoutWays } from "../pages/cards.ts";
import type { Store } from "../store.ts";
import type { ApiFault, DeliveryFaults, Faults } from "./faults.ts";

interface ControlDeps {
  store: Store;
  settings: Settings;
  faults: Faults;
  changed(): void;
}

interface FaultPlan {
  api?: ApiFault[];
  delivery?: Partial<DeliveryFaults>;
  seed?: number;
}

export function controlRoutes(app: FastifyInstance, deps: ControlDeps): void {
  const { store, settings, faults } = deps;
  const rows = (text: string) => store.read((tx) => tx.query(text));
  app.get("/__control/truth", () => rows("select * from stripe_local.truth_log order by seq limit 100000"));
  app.get("/__control/meter_events", () =>
    rows("select * from stripe_local.meter_events order by seq limit 100000"),
  );
  app.get("/__control/deliveries", () =>
    rows("select * from stripe_local.deliveries order by seq limit 100000"),
  );

  paymentControls(app, deps);
  meterControls(app, deps);
  app.post<{ Body: FaultPlan }>("/__control/faults", async (request) => {
    faults.set(request.body.api ?? [], request.body.delivery ?? {}, request.body.seed ?? 1);
    deps.changed();
    return { ok: true, delivery: faults.delivery };
  });

  app.post<{ Body: { advanceSeconds?: number; to?: number } }>("/__control/clock", async (request) => {
    const now = await store.read(billingNow);
    const to = request.body.to ?? now + (request.body.advanceSeconds ?? 0);
    if (!Number.isInteger(to) || to < now)
      throw invalid(`The clock only moves forward, to whole seconds: got ${to}.`);
    const boundaries = await runDue(store, settings, to);
    deps.changed();
    return { now: to, boundaries };
  });

  app.post<{ Body: { event: string } }>("/__control/redeliver", async (request) => {
    const rowsChanged = await store.write((tx) =>
      tx.query(
        `update stripe_local.deliveries set state = 'pending', attempts = 0, next_attempt_at = now()
         where event_id = $1 returning seq`,
        [request.body.event],
      ),
    );
    deps.changed();
    return { deliveries: rowsChanged.length };
  });
}

function meterControls(app: FastifyInstance, { store, settings, changed }: ControlDeps): void {
  app.post<{ Body: { code: string; identifiers: string[] } }>(
    "/__control/drop_meter_events",
    async (request) => {
      const dropped = await store.write(async (tx) =>
        dropMeterEvents(await actNow(tx, settings, null), request.body),
      );
      changed();
      return { dropped };
    },
  );
  app.post<{ Body: { seconds?: number; identifier?: string; to?: number } }>(
    "/__control/shift_meter_events",
    async ({ body }) => {
      const rows = await store.write((tx) =>
        tx.query(
          `update stripe_local.meter_events set at = coalesce($2::bigint, at + $1::bigint)
           where $3::text is null or identifier = $3 returning seq`,
          [body.seconds ?? 0, body.to ?? null, body.identifier ?? null],
        ),
      );
      return { shifted: rows.length };
    },
  );
}

function paymentControls(app: FastifyInstance, { store, settings, changed }: ControlDeps): void {
  app.post<{ Body: { session: string; way: string } }>("/__control/pay", async (request) => {
    const way = checkoutWays.find((option) => option.id === request.body.way);
    if (!way) throw invalid(`way must be one of ${checkoutWays.map((option) => option.id).join(", ")}`);
    const result = await store.write(async (tx) => {
      const session = await tx.need("checkout.session", request.body.session);
      const outcome = await paySession(await actNow(tx, settings, null), session, way.payment);
      return {
        outcome,
        customer: session.customer,
        subscription: session.subscription,
        invoice: session.invoice,
      };
    });
    changed();
    return result;
  });

  app.post<{ Body: { session: string; succeeded: boolean } }>("/__control/settle", async (request) => {
    await store.write(async (tx) => {
      const session = await tx.need("checkout.session", request.body.session);
      await settleSession(await actNow(tx, settings, null), session, request.body.succeeded);
    });
    changed();
    return { ok: true };
  });
}

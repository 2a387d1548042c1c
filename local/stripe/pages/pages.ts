import type { FastifyInstance } from "fastify";
import type { Settings } from "../act.ts";
import { StripeError } from "../errors.ts";
import type { Store } from "../store.ts";
import { checkoutPage } from "./checkout-page.ts";
import { fontRoutes } from "./fonts.ts";
import { html } from "./html.ts";
import { invoicePage } from "./invoice-page.ts";
import { message, sendPage } from "./layout.ts";
import { portalPage } from "./portal-page.ts";

export interface PageDeps {
  store: Store;
  settings: Settings;
  /** Called after each commit that may have caused events. */
  changed(): void;
}

/** The pages people see. Whatever a page cannot find or do becomes a page, not JSON. */
export function hostedPages(root: FastifyInstance, deps: PageDeps): void {
  root.register(async (app) => {
    app.setErrorHandler((error, request, reply) => {
      const known = error instanceof StripeError ? error.fields : undefined;
      if (!known) request.log.error({ err: error }, "page failed");
      const status = known?.status ?? 500;
      return sendPage(reply, {
        status,
        parts: {
          title: "Not here",
          business: deps.settings.businessName,
          back: null,
          narrow: true,
          body:
            status === 404
              ? message("Nothing here", "This link does not lead to a checkout, a portal or an invoice.")
              : message("That did not work", known?.message ?? "The stand-in failed; its log says why."),
        },
      });
    });
    fontRoutes(app);
    checkoutPage(app, deps);
    portalPage(app, deps);
    invoicePage(app, deps);
    app.get("/", (_request, reply) =>
      sendPage(reply, {
        parts: {
          title: "Local billing",
          business: deps.settings.businessName,
          back: null,
          narrow: true,
          body: html`<section class="card">
            <h1>Local billing</h1>
            <p class="muted">
              This service stands in for Stripe on this computer. Checkout and portal pages open from the app;
              there is nothing to see on this address alone.
            </p>
          </section>`,
        },
      }),
    );
  });
}

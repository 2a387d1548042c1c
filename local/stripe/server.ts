/** One stand-in: its store, its HTTP face, its deliveries and its clock, opened and closed together. */
import fastify, { type FastifyInstance, LogController } from "fastify";
import type { Settings } from "./act.ts";
import { apiRoutes, notFound } from "./api.ts";
import { billingNow } from "./clock.ts";
import { controlRoutes } from "./control/control.ts";
import { Faults } from "./control/faults.ts";
import { runDue } from "./cycle/due.ts";
import { Deliverer } from "./deliver.ts";
import { StripeError } from "./errors.ts";
import { newId } from "./ids.ts";
import { putStaticEndpoint } from "./objects/events.ts";
import { putStaticDestination } from "./objects/thin-events.ts";
import { hostedPages } from "./pages/pages.ts";
import { Store } from "./store.ts";

export interface Options {
  port: number;
  databaseUrl: string;
  secretKey: string;
  webhook: { url: string; secrets: string[] } | null;
  /** For thin events about meters. */
  meterWebhook: Options["webhook"];
  publicUrl: string | null;
  businessName: string;
  exhausted: Settings["exhausted"];
  control: boolean;
}

/** How often time itself is looked at; a period's end is then at most this late. */
const tickMs = 1000;

export async function openServer(options: Options): Promise<{ url: string; close(): Promise<void> }> {
  const app = fastify({
    logger: { level: "info", stream: process.stderr },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: 1_048_576,
    forceCloseConnections: true,
  });
  const store = await Store.open(options.databaseUrl, (err) =>
    app.log.error({ err }, "database connection lost"),
  );
  const faults = new Faults();
  const deliverer = new Deliverer(store, faults, app.log);
  const settings: Settings = {
    publicUrl: "",
    businessName: options.businessName,
    exhausted: options.exhausted,
  };
  const deps = { store, settings, faults, secretKey: options.secretKey, changed: () => deliverer.wake() };
  addRoutes(app, deps, options.control);
  const url = await app.listen({ host: "127.0.0.1", port: options.port });
  settings.publicUrl = (options.publicUrl ?? url).replace(/\/+$/, "");
  const { webhook, meterWebhook } = options;
  await store.write(async (tx) => {
    const act = { tx, now: await billingNow(tx), settings, request: null };
    if (webhook) await putStaticEndpoint(act, webhook.url, webhook.secrets);
    if (meterWebhook) await putStaticDestination(act, meterWebhook.url, meterWebhook.secrets);
  });
  deliverer.start();
  const clock = startTicking(store, settings, { app, changed: deps.changed });
  return {
    url,
    async close() {
      await clock.stop();
      await deliverer.stop();
      await app.close();
      await store.close();
    },
  };
}

function addRoutes(app: FastifyInstance, deps: Parameters<typeof apiRoutes>[1], control: boolean): void {
  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string" },
    (_request, body, done) => done(null, body),
  );
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    const known =
      error instanceof StripeError
        ? error
        : new StripeError({
            status: error.statusCode ?? 500,
            type: (error.statusCode ?? 500) < 500 ? "invalid_request_error" : "api_error",
            message:
              (error.statusCode ?? 500) < 500 ? error.message : "The stand-in failed; its log says why.",
          });
    if (known.fields.status >= 500)
      request.log.error({ err: error, path: request.url.split("?")[0] }, "request failed");
    return reply.code(known.fields.status).send(known.body(newId("req_", 14)));
  });
  app.setNotFoundHandler(notFound);
  apiRoutes(app, deps);
  hostedPages(app, deps);
  if (control) controlRoutes(app, deps);
}

function startTicking(
  store: Store,
  settings: Settings,
  { app, changed }: { app: FastifyInstance; changed(): void },
): { stop(): Promise<void> } {
  let stopped = false;
  let turn: Promise<void> = Promise.resolve();
  const tick = async () => {
    try {
      if ((await runDue(store, settings)) > 0) changed();
    } catch (err) {
      // What is due stays due; the next tick takes it.
      app.log.error({ err }, "the clock could not be served");
    }
    if (!stopped) timer = later();
  };
  const later = () =>
    setTimeout(() => {
      turn = tick();
    }, tickMs);
  let timer = later();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await turn;
    },
  };
}

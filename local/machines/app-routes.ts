/** Apps, their addresses and their volumes. */
import type { FastifyInstance } from "fastify";
import { badRequest, notFound } from "./fly-error.ts";
import type { Host, NewVolume } from "./host.ts";
import * as schemas from "./schemas.ts";
import { appView, ipView, volumeView } from "./views.ts";

interface InApp {
  Params: { app: string };
}

export function appRoutes(server: FastifyInstance, host: Host): void {
  server.post<{ Body: { app_name?: string; name?: string; org_slug: string; network?: string } }>(
    "/v1/apps",
    { schema: schemas.createApp },
    async (request, reply) => {
      const { app_name, name, org_slug, network } = request.body;
      if (org_slug !== host.settings.org) throw notFound(`organization ${org_slug}`);
      const app = await host.createApp({ name: app_name ?? name ?? "", org: org_slug, network });
      return reply.code(201).send({ id: app.id, created_at: Date.parse(app.createdAt) });
    },
  );

  server.get<{ Querystring: { org_slug?: string } }>("/v1/apps", async (request) => {
    const org = request.query.org_slug;
    if (org === undefined) throw badRequest("org_slug is required");
    const apps = [...host.apps.values()].filter((app) => app.org === org && org === host.settings.org);
    return { total_apps: apps.length, apps: apps.map((app) => appView(host, app)) };
  });

  server.get<InApp>("/v1/apps/:app", async (request) => appView(host, host.app(request.params.app)));

  server.delete<InApp & { Querystring: { force?: string } }>("/v1/apps/:app", async (request, reply) => {
    await host.deleteApp(request.params.app, request.query.force === "true");
    return reply.code(202).send({});
  });

  addressRoutes(server, host);
  volumeRoutes(server, host);
}

function addressRoutes(server: FastifyInstance, host: Host): void {
  server.get<InApp>("/v1/apps/:app/ip_assignments", async (request) => {
    host.app(request.params.app);
    return { ips: host.ipsOf(request.params.app).map(ipView) };
  });

  server.post<InApp & { Body: { network?: string } }>(
    "/v1/apps/:app/ip_assignments",
    { schema: schemas.allotIp },
    async (request) => ipView(await host.allotIp(request.params.app, request.body.network ?? "default")),
  );

  server.delete<{ Params: { app: string; ip: string } }>(
    "/v1/apps/:app/ip_assignments/:ip",
    async (request, reply) => {
      const ip = host.ipsOf(request.params.app).find((one) => one.ip === request.params.ip);
      if (ip === undefined) throw notFound(`ip ${request.params.ip}`);
      await host.releaseIp(ip);
      return reply.code(204).send();
    },
  );
}

function volumeRoutes(server: FastifyInstance, host: Host): void {
  server.get<InApp>("/v1/apps/:app/volumes", async (request) => {
    host.app(request.params.app);
    return host.volumesOf(request.params.app).map(volumeView);
  });

  server.post<InApp & { Body: NewVolume }>(
    "/v1/apps/:app/volumes",
    { schema: schemas.createVolume },
    async (request) => volumeView(await host.createVolume(request.params.app, request.body)),
  );

  server.get<{ Params: { app: string; volume: string } }>("/v1/apps/:app/volumes/:volume", async (request) =>
    volumeView(host.volume(request.params.app, request.params.volume)),
  );

  server.delete<{ Params: { app: string; volume: string } }>(
    "/v1/apps/:app/volumes/:volume",
    async (request) => {
      const volume = host.volume(request.params.app, request.params.volume);
      await host.deleteVolume(volume);
      return { ...volumeView(volume), state: "pending_destroy" };
    },
  );
}

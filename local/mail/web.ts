/** The mailbox over HTTP: pages for people, JSON for tests, one stream that says when something came. */
import { readFile } from "node:fs/promises";

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { limits } from "./limits.ts";
import { mark, renderPage, views } from "./page.ts";
import type { View } from "./page.ts";
import type { Filter, Store, StoredMail } from "./store.ts";
import type { Watchers } from "./watchers.ts";

const pagePolicy = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "frame-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** A mail may look as it likes, and reach nothing: no script, no picture from outside, no form. */
const mailPolicy = [
  "sandbox allow-popups allow-popups-to-escape-sandbox",
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "img-src data:",
  "frame-ancestors 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export interface WebOptions {
  store: Store;
  watchers: Watchers;
}

export function pageRoutes(app: FastifyInstance, { store, watchers }: WebOptions): void {
  app.get("/", async (request, reply) => {
    const filter = readFilter(request, limits.page);
    const mails = await store.list(filter);
    const mail = mails[0] && (await store.get(mails[0].id));
    return sendPage(reply, {
      ...filter,
      mails,
      mail,
      chosen: false,
      view: "message",
    });
  });

  app.get<{ Params: { id: string } }>("/mails/:id", async (request, reply) => {
    const mail = await find(store, request.params.id);
    const to = text(request, "to");
    const mails = await store.list({ to, limit: limits.page });
    if (!mail) void reply.status(404);
    const view: View = views.find((name) => name === text(request, "view")) ?? "message";
    return sendPage(reply, { to, limit: limits.page, mails, mail, chosen: mail !== undefined, view });
  });

  app.get<{ Params: { id: string } }>("/mails/:id/html", async (request, reply) => {
    const mail = await find(store, request.params.id);
    if (!mail || mail.html === null)
      return reply.status(404).type("text/plain").send("There is no such mail.");
    void reply.header("content-security-policy", mailPolicy).type("text/html; charset=utf-8");
    // Links of the mail open beside the mailbox, and do not tell where they were found.
    return `<!doctype html><base target="_blank"><meta name="referrer" content="no-referrer">${mail.html}`;
  });

  app.get("/events", (request, reply) => watchers.add(request, reply));
}

interface Shown {
  mails: Awaited<ReturnType<Store["list"]>>;
  mail: StoredMail | undefined;
  chosen: boolean;
  view: View;
  to?: string | undefined;
  before?: number | undefined;
  limit: number;
}

function sendPage(reply: FastifyReply, shown: Shown): FastifyReply {
  const full = shown.mails.length === shown.limit;
  const page = renderPage({
    mails: shown.mails,
    mail: shown.mail,
    chosen: shown.chosen,
    view: shown.view,
    to: shown.to,
    older: full ? shown.mails.at(-1)?.id : undefined,
    newest: shown.before === undefined,
  });
  return reply.header("content-security-policy", pagePolicy).type("text/html; charset=utf-8").send(page);
}

export function apiRoutes(app: FastifyInstance, { store, watchers }: WebOptions): void {
  app.get("/api/mails", async (request) => ({
    mails: (await store.listWhole(readFilter(request, limits.page))).map(wireMail),
    ...(await store.counts()),
  }));

  app.get<{ Params: { id: string } }>("/api/mails/:id", async (request, reply) => {
    const mail = await find(store, request.params.id);
    return mail
      ? wireMail(mail)
      : reply.status(404).send({ code: "not_found", message: "There is no such mail" });
  });

  app.delete("/api/mails", async (request) => {
    const deleted = await store.clear(text(request, "to"));
    watchers.tell("cleared", {});
    return { deleted };
  });
}

/** One mail as tests see it. Times are ISO; `links` are the addresses in the plain text. */
function wireMail(mail: StoredMail): Record<string, unknown> {
  const { receivedAt, recipients, ...rest } = mail;
  const links = mail.text.match(/https?:\/\/[^\s<>"')]+|[a-z][a-z0-9+.-]*:\/\/[^\s<>"')]+/g) ?? [];
  return { ...rest, to: recipients, receivedAt: receivedAt.toISOString(), links };
}

/** Style, script and icon, read once: nothing of the page comes from elsewhere. */
export async function assetRoutes(app: FastifyInstance): Promise<void> {
  const [style, client] = await Promise.all(
    ["style.css", "client.js"].map((name) => readFile(new URL(name, import.meta.url), "utf8")),
  );
  const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><path fill="none" stroke="#C4321A" stroke-width="3.2" stroke-linecap="round" d="${mark.shell}"/><path fill="#C4321A" d="${mark.claw}"/></svg>`;
  app.get("/style.css", async (_request, reply) => reply.type("text/css; charset=utf-8").send(style));
  app.get("/client.js", async (_request, reply) => reply.type("text/javascript; charset=utf-8").send(client));
  app.get("/icon.svg", async (_request, reply) => reply.type("image/svg+xml").send(icon));
}

async function find(store: Store, id: string): Promise<StoredMail | undefined> {
  const number = Number(id);
  return isId(number) ? store.get(number) : undefined;
}

export class InvalidQuery extends Error {
  override name = "InvalidQuery";
}

function readFilter(request: FastifyRequest, most: number): Filter {
  return {
    to: text(request, "to"),
    before: idIn(request, "before"),
    after: idIn(request, "after"),
    limit: Math.min(idIn(request, "limit") ?? most, most),
  };
}

function idIn(request: FastifyRequest, name: string): number | undefined {
  const value = text(request, name);
  if (value === undefined) return undefined;
  if (isId(Number(value))) return Number(value);
  throw new InvalidQuery(`${name} must be a whole number from 1`);
}

function isId(number: number): boolean {
  return Number.isInteger(number) && number >= 1 && number <= 2_147_483_647;
}

function text(request: FastifyRequest, name: string): string | undefined {
  const query: unknown = request.query;
  const value: unknown = typeof query === "object" && query !== null ? Reflect.get(query, name) : undefined;
  if (value === undefined || value === "") return undefined;
  if (typeof value === "string" && value.length <= 320 && !value.includes("\0")) return value;
  throw new InvalidQuery(`${name} must be given once, as text`);
}

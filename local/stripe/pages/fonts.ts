/** The two typefaces of the pages, copies of packages/brand/fonts (SIL Open Font Licence beside them). */
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";

const names = ["bricolage-grotesque.woff2", "figtree.woff2"] as const;

export function fontRoutes(app: FastifyInstance): void {
  for (const name of names) {
    const bytes = readFileSync(new URL(`fonts/${name}`, import.meta.url));
    app.get(`/fonts/${name}`, (_request, reply) =>
      reply.header("cache-control", "public, max-age=86400").type("font/woff2").send(bytes),
    );
  }
}

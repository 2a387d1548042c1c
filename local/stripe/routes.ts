/** All routes of the API, and the search for the one that was asked for. */
import { unknownRoute } from "./errors.ts";
import { catalogRoutes } from "./objects/catalog.ts";
import { customerRoutes } from "./objects/customers.ts";
import { eventsRoutes } from "./objects/events.ts";
import { thinEventRoutes } from "./objects/thin-events.ts";
import { invoiceRoutes } from "./objects/invoices.ts";
import { meteringRoutes } from "./objects/meters.ts";
import { portalRoutes } from "./objects/portal.ts";
import { sessionRoutes } from "./objects/sessions.ts";
import { subscriptionRoutes } from "./objects/subscriptions.ts";
import type { Route } from "./route.ts";

const routes: readonly (Route & { segments: string[] })[] = [
  ...customerRoutes,
  ...catalogRoutes,
  ...meteringRoutes,
  ...sessionRoutes,
  ...subscriptionRoutes,
  ...invoiceRoutes,
  ...portalRoutes,
  ...eventsRoutes,
  ...thinEventRoutes,
].map((route) => ({ ...route, segments: route.path.split("/") }));

/** Literal segments win over ids, because they stand first in their lists. @throws {StripeError} 404. */
export function findRoute(method: string, path: string): { route: Route; ids: Record<string, string> } {
  const parts = path.split("/");
  for (const route of routes) {
    if (route.method !== method || route.segments.length !== parts.length) continue;
    const ids: Record<string, string> = {};
    const matches = route.segments.every((segment, index) => {
      const part = parts[index] ?? "";
      if (!segment.startsWith(":")) return segment === part;
      ids[segment.slice(1)] = decode(part);
      // No object is called "search": those routes are not spoken here.
      return part !== "" && part !== "search";
    });
    if (matches) return { route, ids };
  }
  throw unknownRoute(method, path);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A broken escape is an id nobody has.
    return part;
  }
}

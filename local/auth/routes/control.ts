/**
 * GET and POST /__control: faults, the clock, key rotation and switches, for tests. Registered only
 * with CONTROL=1, outside /auth/v1 and without CORS, so that no web page can reach it.
 */
import type { FastifyInstance } from "fastify";

import type { Context } from "../context.ts";
import { invalid } from "../errors.ts";
import { readFaults, within } from "../faults.ts";
import { bodyOf } from "../input.ts";
import type { Body } from "../input.ts";

const known = new Set([
  "faults",
  "seed",
  "advanceMs",
  "rotateKeys",
  "resetLimits",
  "autoconfirm",
  "disableSignup",
  "sweep",
]);

export function controlRoutes(app: FastifyInstance, context: Context, sweep: () => Promise<void>): void {
  app.get("/__control", async () => state(context));

  app.post("/__control", async (request) => {
    const body = bodyOf(request);
    for (const name of Object.keys(body)) if (!known.has(name)) throw invalid(`unknown control "${name}"`);
    const seed = within(body["seed"] ?? 1, "seed", { min: 0, max: 2 ** 32 - 1 });
    if (body["faults"] !== undefined) context.faults.set(readFaults(body), seed);
    if (body["advanceMs"] !== undefined) {
      context.clock.advance(within(body["advanceMs"], "advanceMs", { min: -1e12, max: 1e12 }));
    }
    context.switches.autoconfirm = flag(body, "autoconfirm") ?? context.switches.autoconfirm;
    context.switches.disableSignup = flag(body, "disableSignup") ?? context.switches.disableSignup;
    if (flag(body, "rotateKeys")) await context.keys.rotate();
    if (flag(body, "sweep")) await sweep();
    if (flag(body, "resetLimits")) {
      context.limits.reset();
      await context.pool.query("delete from auth.mail_limits");
    }
    context.mail.wake();
    return state(context);
  });
}

function flag(body: Body, name: string): boolean | undefined {
  const value = body[name];
  if (value === undefined || typeof value === "boolean") return value;
  throw invalid(`${name} must be true or false`);
}

function state(context: Context): Record<string, unknown> {
  return {
    now: context.clock.now().toISOString(),
    offsetMs: context.clock.offsetMs,
    faults: context.faults.list(),
    ...context.switches,
    signingKey: context.keys.signing().kid,
    publishedKeys: context.keys.published().map((key) => key.kid),
  };
}

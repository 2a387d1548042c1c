import { z } from "zod";
import { endpoint } from "./endpoint.ts";

export const healthz = endpoint({
  method: "GET",
  path: "/healthz",
  summary: "The process answers. Touches nothing else.",
  caller: "anyone",
  input: z.object({}),
  output: z.object({ ok: z.literal(true), version: z.string() }),
});

export const readyz = endpoint({
  method: "GET",
  path: "/readyz",
  summary: "Database reachable and migrated. 503 with the failing part otherwise.",
  caller: "anyone",
  input: z.object({}),
  output: z.object({ ready: z.literal(true) }),
});

export const partState = z.enum(["ok", "trouble", "unknown"]);
export type PartState = z.infer<typeof partState>;

export const getStatus = endpoint({
  method: "GET",
  path: "/status",
  summary:
    "What works, for the status page: the database, whoever makes and wakes bots (worker), and the way to the models. Unknown while the database cannot be asked.",
  caller: "anyone",
  input: z.object({}),
  output: z.object({ version: z.string(), database: partState, worker: partState, models: partState }),
});

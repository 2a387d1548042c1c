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

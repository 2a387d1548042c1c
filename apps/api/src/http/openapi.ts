/** /openapi.json, made from the contract: the document cannot say anything that is not served. */
import * as contract from "@molt/contract";
import type { Endpoint } from "@molt/contract";
import type { FastifyInstance } from "fastify";
import { z } from "zod";

/** Every endpoint the contract exports. */
export function contractEndpoints(): Endpoint[] {
  return Object.values<unknown>(contract).filter(isEndpoint);
}

function isEndpoint(value: unknown): value is Endpoint {
  return (
    typeof value === "object" && value !== null && "method" in value && "path" in value && "caller" in value
  );
}

const security = { anyone: [], user: [{ user: [] }], bot: [{ bot: [] }], stripe: [{ stripe: [] }] } as const;

export function buildOpenapi(apiUrl: string, version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const endpoint of contractEndpoints()) {
    const operation = {
      summary: endpoint.summary,
      security: security[endpoint.caller],
      ...request(endpoint),
      responses: responses(endpoint),
    };
    paths[endpoint.path] = { ...paths[endpoint.path], [endpoint.method.toLowerCase()]: operation };
  }
  paths["/auth/v1/{path}"] = {
    post: {
      summary:
        "Supabase Auth, passed through: sign-up, token, otp, verify, recover, logout. Use @supabase/auth-js with this base.",
      parameters: [{ name: "path", in: "path", required: true, schema: { type: "string" } }],
      responses: { default: { description: "as Supabase Auth answers" } },
    },
  };
  paths["/chat"] = {
    get: {
      summary: "WebSocket. JSON text frames: see components/schemas ClientFrame and ServerFrame.",
      responses: { "101": { description: "switching protocols" } },
    },
  };
  return {
    openapi: "3.1.0",
    info: { title: "Molt-OS api", version },
    servers: [{ url: apiUrl }],
    paths,
    components: {
      schemas: {
        Error: schema(contract.errorBody, "output"),
        ClientFrame: schema(contract.clientFrame, "input"),
        ServerFrame: schema(contract.serverFrame, "output"),
      },
      securitySchemes: {
        user: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        bot: { type: "http", scheme: "bearer" },
        stripe: { type: "apiKey", in: "header", name: "Stripe-Signature" },
      },
    },
  };
}

function schema(type: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _omitted, ...rest } = z.toJSONSchema(type, { io, unrepresentable: "any" });
  return rest;
}

function request(endpoint: Endpoint): Record<string, unknown> {
  const input = schema(endpoint.input, "input");
  if (endpoint.method === "POST")
    return { requestBody: { content: { "application/json": { schema: input } } } };
  const properties = (input["properties"] ?? {}) as Record<string, unknown>; // an object schema by construction
  const required = new Set((input["required"] ?? []) as string[]);
  return {
    parameters: Object.entries(properties).map(([name, of]) => ({
      name,
      in: "query",
      required: required.has(name),
      schema: of,
    })),
  };
}

function responses(endpoint: Endpoint): Record<string, unknown> {
  const contentType = endpoint.contentType ?? "application/json";
  return {
    "200": {
      description: "done",
      content: { [contentType]: { schema: schema(endpoint.output, "output") } },
    },
    default: {
      description: "an error",
      content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
    },
  };
}

export function openapiRoutes(app: FastifyInstance, apiUrl: string, version: string): void {
  const document = buildOpenapi(apiUrl, version);
  app.get("/openapi.json", async () => document);
}

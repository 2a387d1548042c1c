/** What a request must look like, as JSON schema (Fastify's own validator). Unknown keys pass, as at Fly. */
const text = { type: "string", minLength: 1, maxLength: 300 } as const;
const words = { type: "object", additionalProperties: { type: "string" } } as const;

const machineConfig = {
  type: "object",
  required: ["image"],
  properties: {
    image: text,
    env: words,
    metadata: words,
    guest: {
      type: "object",
      properties: {
        cpus: { type: "integer", minimum: 1 },
        memory_mb: { type: "integer", minimum: 256, multipleOf: 256 },
      },
    },
    mounts: {
      type: "array",
      maxItems: 1,
      items: {
        type: "object",
        required: ["volume", "path"],
        properties: { volume: text, path: { type: "string", pattern: "^/[A-Za-z0-9/_-]+$" } },
      },
    },
    services: {
      type: "array",
      maxItems: 10,
      items: {
        type: "object",
        properties: {
          internal_port: { type: "integer", minimum: 1, maximum: 65535 },
          autostart: { type: "boolean" },
        },
      },
    },
    restart: {
      type: "object",
      properties: {
        policy: { enum: ["no", "always", "on-failure"] },
        max_retries: { type: "integer", minimum: 0, maximum: 100 },
      },
    },
    stop_config: {
      type: "object",
      properties: { signal: text, timeout: { type: ["string", "number"] } },
    },
  },
} as const;

export const createApp = {
  body: {
    type: "object",
    anyOf: [{ required: ["app_name"] }, { required: ["name"] }],
    required: ["org_slug"],
    properties: {
      app_name: { type: "string", pattern: "^[a-z][a-z0-9-]{0,62}$" },
      name: { type: "string", pattern: "^[a-z][a-z0-9-]{0,62}$" },
      org_slug: text,
      network: { type: "string", pattern: "^[A-Za-z][A-Za-z0-9-]*$" },
    },
  },
} as const;

export const allotIp = {
  body: { type: "object", required: ["type"], properties: { type: { const: "private_v6" }, network: text } },
} as const;

export const createVolume = {
  body: {
    type: "object",
    required: ["name"],
    properties: {
      name: { type: "string", pattern: "^[a-z0-9_]{1,30}$" },
      region: text,
      size_gb: { type: "integer", minimum: 1, maximum: 500 },
      encrypted: { type: "boolean" },
      snapshot_retention: { type: "integer", minimum: 1, maximum: 60 },
    },
  },
} as const;

export const createMachine = {
  body: {
    type: "object",
    required: ["config"],
    properties: { name: text, region: text, config: machineConfig, skip_launch: { type: "boolean" } },
  },
} as const;

export const updateMachine = {
  body: {
    type: "object",
    required: ["config"],
    properties: { config: machineConfig, current_version: text, skip_launch: { type: "boolean" } },
  },
} as const;

export const stopMachine = {
  body: { type: "object", properties: { signal: text, timeout: { type: ["string", "number"] } } },
} as const;

export const setMetadata = {
  body: { type: "object", required: ["value"], properties: { value: { type: "string", maxLength: 1000 } } },
} as const;

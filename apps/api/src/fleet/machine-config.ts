/** What a bot's things are called at Fly and what its machine is told. All of it follows from the row. */
import type { Config } from "../config.ts";
import { open } from "../secrets.ts";
import type { NewVolume } from "./fly.ts";
import { gatewayTokenPlace, modelKeyPlace } from "./secret-places.ts";
import type { BotRow } from "./table.ts";

export const machineName = "bot";
export const volumeName = "data";
/** The network the api's own apps live in: only from there is a bot reachable (fly.md section 6). */
export const gatewayNetwork = "default";
/** Names at Fly are global. A stranger's name is passed over this often, then a person looks. */
export const nameAttempts = 3;

const guest = { cpu_kind: "shared", cpus: 1, memory_mb: 2048 };
const doorPort = 8080;

/** The app and its network have the same name. `attempt` 1 is the plain name. */
export function appName(botId: string, attempt = 1): string {
  const plain = `molt-${botId.replaceAll("-", "").slice(0, 20)}`;
  return attempt === 1 ? plain : `${plain}-${attempt}`;
}

/** Whether an app may be one of ours, by its name. */
export function isAppName(name: string): boolean {
  return /^molt-[0-9a-f]{20}(-\d)?$/.test(name);
}

export function volumeRequest(region: string): NewVolume {
  return { name: volumeName, region, size_gb: 3, encrypted: true, snapshot_retention: 5, compute: guest };
}

export function machineConfig(config: Config, bot: BotRow, volumeId: string) {
  return {
    image: config.fly.image,
    env: machineEnvironment(config, bot),
    metadata: { molt_bot: bot.id, molt_env: config.environment, molt_gen: String(bot.generation) },
    guest,
    mounts: [{ volume: volumeId, path: "/data" }],
    services: [
      {
        protocol: "tcp",
        internal_port: doorPort,
        // Fly Proxy would stop a machine without connections in the middle of a background turn.
        autostop: "off",
        autostart: false,
        ports: [{ port: 80, handlers: ["http"] }],
        concurrency: { type: "connections", soft_limit: 20 },
      },
    ],
    checks: {
      ready: {
        type: "http",
        port: doorPort,
        path: "/readyz",
        interval: "15s",
        timeout: "5s",
        grace_period: "30s",
      },
    },
    restart: { policy: "on-failure", max_retries: 3 },
    stop_config: { signal: "SIGTERM", timeout: "20s" },
  };
}

/** Nothing in here is worth stealing but what the bot may use itself: its own two keys. */
function machineEnvironment(config: Config, bot: BotRow): Record<string, string> {
  if (bot.gateway_token === null || bot.model_key === null) throw new Error(`bot ${bot.id} has no keys`);
  return {
    MOLT_BOT_ID: bot.id,
    MOLT_GATEWAY_TOKEN: open(config.masterKey, bot.gateway_token, gatewayTokenPlace(bot.id)),
    MOLT_MODEL_KEY: open(config.masterKey, bot.model_key, modelKeyPlace(bot.id)),
    MOLT_MODEL_URL: config.models.url,
    MOLT_MODEL: JSON.stringify(config.models.botModel),
  };
}

/**
 * OpenClaw's configuration for one bot, as a pure function of its settings. The schema is strict:
 * a key that OpenClaw does not know stops the bot, so every key here was accepted by
 * `openclaw config validate` of the pinned version.
 *
 * What the file must hold to: no provider key (the bot's shell can read this file), nothing that
 * calls a model while nobody is there, and no command by which a chat text could change the bot.
 */
import path from "node:path";
import type { BotSettings } from "./settings.ts";

/** The folders of a bot, all below its volume. */
export function botFolders(dataDir: string) {
  const state = path.join(dataDir, "openclaw");
  return {
    state,
    config: path.join(state, "openclaw.json"),
    workspace: path.join(state, "ws"),
    logs: path.join(state, "logs"),
    temporary: path.join(state, "tmp"),
    home: path.join(dataDir, "home"),
  };
}

/** The bundled plugin's id, and so the name before each model: `clawrouter/<model>`. */
const PROVIDER = "clawrouter";

/** One run may take half an hour (OpenClaw's own default is two days), one silent model call five minutes. */
const RUN_LIMIT_SECONDS = 1800;
const MODEL_IDLE_SECONDS = 300;

/** The whole openclaw.json. Same settings, same bytes: rewriting it on every start changes nothing. */
export function renderConfig(settings: BotSettings): Record<string, unknown> {
  const folders = botFolders(settings.dataDir);
  return {
    gateway: {
      mode: "local",
      port: settings.gatewayPort,
      bind: "loopback",
      auth: { mode: "token", token: settings.gatewayToken },
      controlUi: { enabled: false },
      terminal: { enabled: false },
    },
    agents: {
      defaults: {
        workspace: folders.workspace,
        model: { primary: `${PROVIDER}/${settings.model.id}` },
        heartbeat: { every: "0m" },
        skipBootstrap: true,
        timeoutSeconds: RUN_LIMIT_SECONDS,
        thinkingDefault: "off",
      },
    },
    models: renderModels(settings),
    plugins: {
      allow: ["memory-core", PROVIDER],
      slots: { memory: "memory-core" },
      entries: { "memory-core": { config: { dreaming: { enabled: false } } } },
    },
    cron: { enabled: true, skipMissedJobs: true },
    skills: { allowBundled: [], workshop: { autonomous: { mode: "off" } } },
    // A policy without a command refuses every installation: code comes with our image only.
    security: { installPolicy: { enabled: true } },
    commands: { restart: false, config: false, mcp: false, plugins: false, debug: false, bash: false },
    tools: { deny: ["computer", "openclaw"], loopDetection: { enabled: true } },
    browser: { enabled: false },
    discovery: { mdns: { mode: "off" } },
    update: { checkOnStart: false, auto: { enabled: false } },
    telemetry: { enabled: false },
    diagnostics: { enabled: false },
    logging: { file: path.join(folders.logs, "gateway.log") },
  };
}

/**
 * The model proxy under the name of OpenClaw's bundled router plugin, which then asks it for the
 * budget: `/status` and the agent's own status tool say what is left of the month. The plugin puts
 * `/v1` behind the provider's address, so each model carries its own: OpenAI clients expect `/v1`
 * in it, Anthropic's adds it by itself.
 */
function renderModels({ model, modelUrl, modelKey, botId }: BotSettings): Record<string, unknown> {
  return {
    mode: "replace",
    catalogRefresh: { enabled: false },
    providers: {
      [PROVIDER]: {
        baseUrl: modelUrl,
        apiKey: modelKey,
        api: model.api,
        timeoutSeconds: MODEL_IDLE_SECONDS,
        // Fly's proxy signs where a request to a public address comes from only when it is asked to.
        headers: { "x-molt-bot": botId, "fly-src-optin": "*" },
        models: [
          {
            id: model.id,
            name: model.name,
            api: model.api,
            baseUrl: model.api === "anthropic-messages" ? modelUrl : `${modelUrl}/v1`,
            contextWindow: model.contextWindow,
            maxTokens: model.maxTokens,
            input: [...model.input],
            reasoning: model.reasoning,
            cost: { ...model.cost },
          },
        ],
      },
    },
  };
}

/** 1 GB of JavaScript heap: RSS peaks at 1.4 GB, and machines have 2 GB, the most Fly can suspend. */
const HEAP_MEGABYTES = 1024;

/**
 * The gateway's whole environment. Built from nothing: the agent's shell inherits and can print
 * every variable, so none of ours may slip through.
 */
export function gatewayEnv(settings: BotSettings, nodePath: string): Record<string, string> {
  const folders = botFolders(settings.dataDir);
  return {
    PATH: `${path.dirname(nodePath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    HOME: folders.home,
    TMPDIR: folders.temporary,
    LANG: settings.language,
    TZ: settings.timeZone,
    OPENCLAW_STATE_DIR: folders.state,
    OPENCLAW_CONFIG_PATH: folders.config,
    OPENCLAW_NO_RESPAWN: "1",
    OPENCLAW_DISABLE_BONJOUR: "1",
    OPENCLAW_OFFLINE: "1",
    OPENCLAW_NO_AUTO_UPDATE: "1",
    OPENCLAW_SKIP_CHANNELS: "1",
    OPENCLAW_EXEC_SHELL_SNAPSHOT: "0",
    NODE_COMPILE_CACHE: settings.compileCacheDir,
    // With the cache alone the launcher would start itself a second time.
    OPENCLAW_PACKAGED_COMPILE_CACHE_RESPAWNED: "1",
    MALLOC_ARENA_MAX: "2",
    NODE_OPTIONS: `--max-old-space-size=${HEAP_MEGABYTES}`,
    ...(settings.machineId === undefined ? {} : { FLY_MACHINE_ID: settings.machineId }),
  };
}

/**
 * What a machine runs: prepares the bot's folder, keeps its gateway alive and holds the door. The
 * only file of the bot that reads the environment.
 *
 * Exit codes: 0 asked to stop, 1 the gateway cannot be kept running, 78 the environment is wrong.
 */
import { botFolders, gatewayEnv } from "./config-template.ts";
import { openDoor } from "./door.ts";
import { createLog } from "./log.ts";
import type { Log } from "./log.ts";
import { openclawLauncher } from "./openclaw.ts";
import { killStrays } from "./process-tree.ts";
import { watchReadiness } from "./readiness.ts";
import { readSettings, SettingsError } from "./settings.ts";
import type { BotSettings } from "./settings.ts";
import { prepareStateFolder } from "./state-folder.ts";
import { supervise } from "./supervise.ts";

/** The platform waits ten seconds after SIGTERM; two are left for the door and the stragglers. */
const STOP_GRACE_MS = 8_000;

const toStderr = (line: string) => process.stderr.write(line);

async function run(settings: BotSettings, log: Log): Promise<number> {
  const folders = botFolders(settings.dataDir);
  const launcher = openclawLauncher();
  const gateway = supervise({
    gateway: [process.execPath, launcher, "gateway", "run"],
    doctor: [process.execPath, launcher, "doctor", "--fix", "--yes", "--non-interactive"],
    env: gatewayEnv(settings, process.execPath),
    cwd: folders.workspace,
    log,
    onStart: (generation) => readiness.start(generation),
  });
  const readiness = watchReadiness({ ...addressOf(settings), process: gateway, log, warmUp: true });
  const stop = (signal: string) => {
    log.info("stopping", { signal });
    readiness.stop();
    gateway.stop(STOP_GRACE_MS).catch((error: unknown) => log.error("could not stop cleanly", { error }));
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);

  const strays = await killStrays(folders.home);
  if (strays > 0) log.warn("ended what an earlier start had left running", { strays });
  await prepareStateFolder(settings);
  const door = await openDoor({
    host: settings.doorHost,
    port: settings.doorPort,
    ...addressOf(settings),
    readiness: () => readiness.check(),
    log,
  });
  log.info("the door is open", { port: door.port, host: settings.doorHost, botId: settings.botId });
  gateway.start();
  const how = await gateway.ended;
  readiness.stop();
  await door.close();
  log.info("ended", { how });
  return how === "stopped" ? 0 : 1;
}

function addressOf(settings: BotSettings) {
  return { gatewayPort: settings.gatewayPort, token: settings.gatewayToken };
}

async function main(): Promise<number> {
  try {
    const settings = readSettings(process.env);
    const log = createLog(toStderr, [settings.gatewayToken, settings.modelKey]);
    return await run(settings, log).catch((error: unknown) => {
      log.error("the bot could not start", { error });
      return 1;
    });
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    createLog(toStderr, []).error("the environment is wrong", { error });
    return 78;
  }
}

process.exit(await main());

/** The proxy as a process of its own, to be killed. Environment: DATABASE_URL and the providers' variables. */
import { systemClock } from "../../clock.ts";
import { readConfig } from "../../config.ts";
import { openDatabase } from "../../db/open.ts";
import { openEvents } from "../../events.ts";
import { createLog } from "../../log.ts";
import { testEnvironment } from "../../testing/deps.ts";
import { startModels } from "../server.ts";

const url = process.env["DATABASE_URL"] ?? "";
const log = createLog([], process.env["MOLT_LOG_LEVEL"] ?? "silent");
const clock = systemClock();
const db = openDatabase(url, { name: "proxy-process", max: 8 });
const events = await openEvents({ url, log, clock });
const config = readConfig(testEnvironment({ DATABASE_URL: url }));
const limits = { concurrent: 10_000, perMinute: 10_000_000 };
const proxy = await startModels(
  { config, db, log, clock, events },
  { host: "127.0.0.1", port: 0, env: process.env, limits },
);
process.stdout.write(`${JSON.stringify({ ready: true, url: proxy.url })}\n`);
process.once("SIGTERM", () => void proxy.stop().then(() => Promise.all([events.close(), db.destroy()])));

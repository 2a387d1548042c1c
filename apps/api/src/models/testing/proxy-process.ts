/**
 * The proxy as a process of its own, to be killed or measured. Environment: DATABASE_URL and the
 * providers' variables; LEDGER=none for one whose ledger answers at once and keeps nothing.
 */
import { systemClock } from "../../clock.ts";
import { readConfig } from "../../config.ts";
import { openDatabase } from "../../db/open.ts";
import { openEvents } from "../../events.ts";
import { armFailpoints } from "../../failpoints.ts";
import { createLog } from "../../log.ts";
import { testEnvironment } from "../../testing/deps.ts";
import { startModels } from "../server.ts";
import { noLedger } from "./no-ledger.ts";

const url = process.env["DATABASE_URL"] ?? "";
const log = createLog([], process.env["MOLT_LOG_LEVEL"] ?? "silent");
const clock = systemClock();
const db = openDatabase(url, { name: "proxy-process", max: 8, prepare: true });
const events = await openEvents({ url, log, clock });
const failpoint = process.env["MOLT_FAILPOINT"] ?? "";
const config = readConfig(testEnvironment({ DATABASE_URL: url, MOLT_FAILPOINT: failpoint }));
armFailpoints(config.failpoints);
const limits = { concurrent: 10_000, perMinute: 10_000_000 };
const ledger = process.env["LEDGER"] === "none" ? { openLedger: noLedger } : {};
const proxy = await startModels(
  { config, db, log, clock, events },
  { host: "127.0.0.1", port: 0, env: process.env, limits, ...ledger },
);
process.stdout.write(`${JSON.stringify({ ready: true, url: proxy.url })}\n`);
process.once("SIGTERM", () => void proxy.stop().then(() => Promise.all([events.close(), db.destroy()])));

/**
 * What runs in the machines of these tests: a door as bot/door.ts describes it, with no bot behind
 * it. Its conduct is set by files on its volume or by its environment, so a test can change its mind.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import { join } from "node:path";

const env = process.env;
const disk = env["MOUNT_DATA"] ?? ".";
appendFileSync(join(disk, "boots"), "boot\n");
if (existsSync(join(disk, "die"))) process.exit(3);

const bootId = crypto.randomUUID();
let fence: string | undefined;

const conduct = (name: string): boolean => existsSync(join(disk, name));

function say(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const server = createServer((request, response) => {
  const known = request.headers.authorization === `Bearer ${env["MOLT_GATEWAY_TOKEN"]}`;
  const path = `${request.method} ${request.url}`;
  appendFileSync(join(disk, "calls"), `${path}\n`);
  // OpenClaw calls itself not ready while it is fenced (openclaw.md, section 4).
  if (path === "GET /readyz") return say(response, conduct("deaf") || fence !== undefined ? 503 : 200, {});
  if (!known) return say(response, 401, {});
  if (path === "GET /hello")
    return fence === undefined
      ? say(response, 200, { bootId, pid: process.pid, env })
      : say(response, 503, {});
  if (path === "POST /suspend/prepare") {
    if (conduct("mute")) return void request.socket.destroy();
    if (conduct("busy")) return say(response, 409, { busy: true });
    fence = crypto.randomUUID();
    const nextWakeAtMs = conduct("cron")
      ? Date.now() + Number(readFileSync(join(disk, "cron"), "utf8"))
      : null;
    return say(response, 200, { ready: true, suspensionId: fence, nextWakeAtMs });
  }
  if (path === "POST /suspend/resume") {
    fence = undefined;
    return say(response, 200, { ready: true, resumed: true });
  }
  return say(response, 404, {});
});
server.listen(Number(env["DOOR_PORT"]), "127.0.0.1");
process.on("SIGTERM", () => process.exit(0));

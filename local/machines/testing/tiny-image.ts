/**
 * The smallest bot there is: an HTTP server on the door port with one child process, so that a test
 * can see its environment, its memory (boot, count), its disk and its tree. Ends on SIGTERM.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";

const env = process.env;
const disk = join(env["MOUNT_DATA"] ?? ".", "boots");
appendFileSync(disk, "boot\n");
const rootIsFresh = !existsSync("trace");
writeFileSync("trace", "here");

if (env["DIE_AT_BOOT"] === "1") process.exit(3);
const child = spawn("/bin/sleep", ["1000"], { stdio: "ignore" });
const bootId = crypto.randomUUID();
let count = 0;

const server = createServer((request, response) => {
  if (request.url === "/readyz") {
    response.writeHead(env["NEVER_READY"] === "1" ? 503 : 200).end("{}");
    return;
  }
  if (request.url === "/exit") process.exit(7);
  count += 1;
  const boots = readFileSync(disk, "utf8").trim().split("\n").length;
  response.writeHead(200, { "content-type": "application/json" });
  response.end(
    JSON.stringify({
      bootId,
      count,
      boots,
      rootIsFresh,
      pid: process.pid,
      child: child.pid,
      env,
      headers: request.headers,
    }),
  );
});
server.on("upgrade", (_request, socket, head: Buffer) => {
  socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
  // What came in one packet with the request is not on the socket any more.
  socket.write(head);
  socket.pipe(socket);
});
server.listen(Number(env["DOOR_PORT"]), "127.0.0.1");
process.stdout.write(`listening, boot ${bootId}\n`);

if (env["DEAF"] === "1") process.on("SIGTERM", () => undefined);
else
  process.on("SIGTERM", () => {
    child.kill("SIGKILL");
    process.exit(0);
  });

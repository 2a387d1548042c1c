import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
import { databaseUser } from "./database-user.ts";
import { startPostgres } from "./postgres.ts";
import { prepareDatabase } from "./prepare.ts";

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === "object" ? resolve(address.port) : reject(new Error("no port")),
      );
    });
  });
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined); // the server is killed under it on purpose
  await client.connect();
  try {
    return (await client.query({ text, rowMode: "array" })).rows.flat();
  } finally {
    await client.end();
  }
}

test("F59 F60 it starts as any user, in UTF-8, keeps what it acknowledged through a kill, and ends an orphan", async (t) => {
  const dataDir = await mkdtemp(join(tmpdir(), "molt-pg-"));
  t.after(() => rm(dataDir, { recursive: true, force: true }));
  const first = await startPostgres({ dataDir, port: await freePort() });
  await prepareDatabase(first.url, "molt");
  await prepareDatabase(first.url, "molt");
  assert.deepEqual(await query(first.url("molt"), "select length('é')"), [1]);
  await query(first.url("molt"), "create table kept as select 1 as n");
  assert.equal((await stat(join(dataDir, "postgres-password"))).mode & 0o777, 0o600);

  // A second start on the folder is what happens after its parent was killed: the orphan goes first.
  const second = await startPostgres({ dataDir, port: await freePort() });
  await first.exited;
  assert.deepEqual(await query(second.url("molt"), "select n from kept"), [1]);

  process.kill(second.pid, "SIGKILL");
  await second.exited;
  const third = await startPostgres({ dataDir, port: await freePort() });
  assert.deepEqual(await query(third.url("molt"), "select n from kept"), [1]);
  await third.stop();
});

test("F60 started as root in a home that only root may enter, the database's user still reaches its files", async (t) => {
  if (process.getuid?.() !== 0) return t.skip("only root changes its user");
  const home = await mkdtemp(join(tmpdir(), "molt-home-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const program = join(home, "program");
  await writeFile(program, "", { mode: 0o755 });
  await chmod(home, 0o700);
  const user = await databaseUser([home]);
  // `test -x` asks access(2), as initdb does when it looks for its postgres.
  const child = user.spawn("/usr/bin/test", ["-x", program], {});
  assert.equal(await new Promise((resolve) => child.once("exit", resolve)), 0);
});

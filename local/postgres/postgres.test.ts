import assert from "node:assert/strict";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import pg from "pg";
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

/** GET /usage/export over a real connection, as the app and a spreadsheet meet it. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request as httpRequest, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { sql } from "kysely";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { buildServer } from "../http/build-server.ts";
import { makeBot } from "../models/testing/proxy.ts";
import { makeUser, testDeps } from "../testing/deps.ts";
import { csvLine, exactDollars } from "./csv.ts";
import { exportColumns, exportMonth } from "./export-month.ts";
import { usageRoutes } from "./routes.ts";

/** The api's own server; a token is the id of its user. */
async function serveUsage(t: TestContext, deps: Deps): Promise<{ url: URL; server: Server }> {
  const app = await buildServer(deps);
  usageRoutes(
    {
      app,
      authenticator: {
        async user(token) {
          if (!token) throw new AppError("not_signed_in", "Please sign in first.");
          return { userId: token, email: "ada@example.com", expiresAt: new Date(Date.now() + 60_000) };
        },
        bot: () => assert.fail("bots download nothing"),
      },
    },
    deps,
  );
  await app.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  return { url: new URL(`http://127.0.0.1:${port}/usage/export`), server: app.server };
}

const as = (userId: string) => ({ headers: { authorization: `Bearer ${userId}` } });

interface CallFixture {
  botId: string;
  at: string;
  model?: string;
  costPicos?: bigint;
  count?: number;
}

async function insertCalls(deps: Deps, call: CallFixture): Promise<void> {
  await sql`
    insert into app.usage_logs (bot_id, model, "timestamp", state, cause, provider, price_version, tokens_in, tokens_out,
      cache_read_tokens, cost_picos)
    select ${call.botId}::uuid, ${call.model ?? "a-model"}, ${call.at}::timestamptz, 'settled', 'chat', 'demo', 'v1', 130, 7, 20,
      ${call.costPicos ?? 412_000_000n}::bigint
    from generate_series(1, ${call.count ?? 1}::int)`.execute(deps.db);
}

async function wholeFile(deps: Deps, userId: string): Promise<string> {
  const { pieces } = await exportMonth(deps, userId, "2026-03");
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
}

/** Splits a file as RFC 4180 says, so that a mistake of the writer does not hide behind a lenient reader. */
function parseCsv(text: string): Record<string, string>[] {
  assert.ok(text.endsWith("\r\n"));
  const lines = text.slice(0, -2).split("\r\n");
  const [header = [], ...rows] = lines.map((line) =>
    [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^",]*))/g)].map(
      ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
    ),
  );
  return rows.map((row) => {
    assert.equal(row.length, header.length);
    return Object.fromEntries(row.map((cell, i) => [header[i] ?? "", cell]));
  });
}

test("a month is downloaded as a file with a row a call, oldest first, in exact dollars", async (t) => {
  const deps = await testDeps(t);
  const bot = await makeBot(deps);
  await insertCalls(deps, {
    botId: bot.id,
    at: "2026-03-02T10:00:00.123456Z",
    costPicos: 1_000_000_000_001n,
  });
  await insertCalls(deps, { botId: bot.id, at: "2026-03-01T00:00:00Z" });
  await insertCalls(deps, { botId: bot.id, at: "2026-02-28T23:59:59.999999Z" });
  await insertCalls(deps, { botId: bot.id, at: "2026-04-01T00:00:00Z" });
  const { url } = await serveUsage(t, deps);
  url.search = "month=2026-03";
  const answer = await fetch(url, as(bot.userId));
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("content-type"), "text/csv; charset=utf-8");
  assert.equal(answer.headers.get("cache-control"), "no-store");
  assert.equal(answer.headers.get("content-disposition"), 'attachment; filename="molt-usage-2026-03.csv"');
  const rows = parseCsv(await answer.text());
  assert.deepEqual(
    rows.map((row) => [row["time_utc"], row["cost_usd"], row["charge_usd"]]),
    [
      ["2026-03-01T00:00:00.000Z", "0.000412000000", "0.000494400000"],
      ["2026-03-02T10:00:00.123Z", "1.000000000001", "1.200000000002"],
    ],
  );
  assert.deepEqual(
    [rows[0]?.["tokens_in"], rows[0]?.["cache_read_tokens"], rows[0]?.["tokens_out"]],
    ["130", "20", "7"],
  );
});

test("every call of a long month is in the file once, also those of one microsecond", async (t) => {
  const deps = await testDeps(t);
  const bot = await makeBot(deps);
  await insertCalls(deps, { botId: bot.id, at: "2026-03-01T00:00:00.000001Z", count: 700 });
  await insertCalls(deps, { botId: bot.id, at: "2026-03-01T00:00:00.000002Z", count: 700 });
  const rows = parseCsv(await wholeFile(deps, bot.userId));
  assert.equal(rows.length, 1400);
  assert.equal(new Set(rows.map((row) => row["call_id"])).size, 1400);
});

test("a user without a bot gets a file with its header alone", async (t) => {
  const deps = await testDeps(t);
  const { url } = await serveUsage(t, deps);
  const answer = await fetch(url, as(await makeUser(deps)));
  assert.equal(await answer.text(), `${exportColumns.join(",")}\r\n`);
});

test("X2 another user's calls are not in the file", async (t) => {
  const deps = await testDeps(t);
  const [mine, other] = [await makeBot(deps), await makeBot(deps)];
  await insertCalls(deps, { botId: other.id, at: "2026-03-01T00:00:00Z" });
  assert.equal(await wholeFile(deps, mine.userId), csvLine(exportColumns));
});

test("a month that is none, and a stranger, are refused with a code and no file", async (t) => {
  const deps = await testDeps(t);
  const { url } = await serveUsage(t, deps);
  const codeOf = async (answer: Response) =>
    ((await answer.json()) as { error: { code: string } }).error.code;
  const stranger = await fetch(url);
  assert.deepEqual([stranger.status, await codeOf(stranger)], [401, "not_signed_in"]);
  url.search = "month=2026-13";
  const wrong = await fetch(url, as(crypto.randomUUID()));
  assert.deepEqual([wrong.status, await codeOf(wrong)], [400, "invalid_input"]);
});

/** A reader that takes the headers and nothing more: the file waits in the connection. */
async function stuckReader(url: URL, userId: string): Promise<IncomingMessage> {
  const asked = httpRequest(url, as(userId)).end();
  const [answer] = (await once(asked, "response")) as [IncomingMessage];
  answer.pause();
  return answer;
}

test("a second download at the same time is refused, and possible again when the first reader left", async (t) => {
  const deps = await testDeps(t);
  const bot = await makeBot(deps);
  await insertCalls(deps, { botId: bot.id, at: "2026-03-01T00:00:00Z", count: 60_000 });
  const { url, server } = await serveUsage(t, deps);
  url.search = "month=2026-03";
  const connected = once(server, "connection");
  const stuck = await stuckReader(url, bot.userId);
  const [socket] = (await connected) as [Socket];
  const second = await fetch(url, as(bot.userId));
  assert.equal(second.status, 429);
  await second.body?.cancel();
  const left = once(socket, "close");
  stuck.destroy();
  await left;
  const third = await fetch(url, as(bot.userId));
  assert.equal(third.status, 200);
  await third.body?.cancel();
});

test("a file that cannot be finished is cut off and never looks whole", async (t) => {
  const deps = await testDeps(t);
  const bot = await makeBot(deps);
  await insertCalls(deps, { botId: bot.id, at: "2026-03-01T00:00:00Z", count: 60_000 });
  const { url } = await serveUsage(t, deps);
  url.search = "month=2026-03";
  const reader = await stuckReader(url, bot.userId);
  await sql`alter table app.usage_logs rename to gone`.execute(deps.db);
  reader.resume();
  await assert.rejects(once(reader, "end"), { code: "ECONNRESET" });
  assert.equal(reader.complete, false);
});

for (const { name, cell, written } of [
  { name: "plain text", cell: "a model", written: "a model" },
  { name: "a comma", cell: "a,b", written: '"a,b"' },
  { name: "a quotation mark", cell: 'a"b', written: '"a""b"' },
  { name: "two lines", cell: "a\nb", written: '"a\nb"' },
  { name: "a formula", cell: "=1+1", written: "'=1+1" },
  { name: "a formula with a comma", cell: "@sum(a,b)", written: '"\'@sum(a,b)"' },
  { name: "a formula after a tab", cell: "\t=1", written: "'\t=1" },
  { name: "a minus and a plus", cell: "-1+1", written: "'-1+1" },
  { name: "nothing", cell: null, written: "" },
  { name: "a number", cell: 12n, written: "12" },
])
  test(`a cell with ${name} is written ${JSON.stringify(written)}`, () =>
    assert.equal(csvLine([cell]), `${written}\r\n`));

test("dollars are exact to the last pico", () => {
  assert.equal(exactDollars(0n), "0.000000000000");
  assert.equal(exactDollars(1n), "0.000000000001");
  assert.equal(exactDollars(9_223_372_036_854_775_807n), "9223372.036854775807");
});

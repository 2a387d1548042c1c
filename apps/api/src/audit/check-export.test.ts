/** What providers say they served, in their own forms, against the ledger. */
import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import fc from "fast-check";
import { makeUser, testDeps } from "../testing/deps.ts";
import { checkExport } from "./check-export.ts";
import { parseCsv } from "./parse-csv.ts";
import { ExportError, readExport } from "./read-export.ts";

interface Row {
  requestId?: string;
  provider?: string;
  model?: string;
  in?: number;
  out?: number;
  picos?: number;
  at?: string;
  state?: "settled" | "reserved";
}

async function withLedger(t: TestContext, rows: readonly Row[]) {
  const { db } = await testDeps(t);
  const { id } = await db
    .insertInto("app.bots")
    .values({ user_id: await makeUser({ db }) })
    .returning("id")
    .executeTakeFirstOrThrow();
  await db
    .insertInto("app.usage_logs")
    .values(
      rows.map((row) => ({
        bot_id: id,
        provider: row.provider ?? "anthropic",
        model: row.model ?? "claude-sonnet-5",
        state: row.state ?? ("settled" as const),
        cause: "chat" as const,
        price_version: "test",
        tokens_in: BigInt(row.in ?? 0),
        tokens_out: BigInt(row.out ?? 0),
        cost_picos: BigInt(row.picos ?? 0),
        provider_request_id: row.requestId ?? null,
        timestamp: new Date(row.at ?? "2026-11-20T12:00:00Z"),
      })),
    )
    .execute();
  return (text: string) => checkExport(db, readExport(text));
}

const plain = "request_id,model,input_tokens,output_tokens,cost_usd";

test("calls are compared by request id: missing, extra and different ones are named, with totals", async (t) => {
  const check = await withLedger(t, [
    { requestId: "req_1", in: 10, out: 5, picos: 105_000_000, at: "2026-11-20T10:00:00Z" },
    { requestId: "req_2", in: 20, out: 5, picos: 5, at: "2026-11-20T11:00:00Z" },
    { requestId: "req_3", in: 30, out: 5, picos: 5, at: "2026-11-20T12:00:00Z" },
    { requestId: "req_extra", in: 1, out: 1, picos: 5, at: "2026-11-20T11:30:00Z" },
    { requestId: "req_later", in: 1, out: 1, picos: 5, at: "2026-11-21T11:30:00Z" },
    { requestId: "req_open", in: 1, out: 1, state: "reserved", at: "2026-11-20T11:30:00Z" },
    { requestId: "req_other", provider: "openai", in: 1, out: 1, at: "2026-11-20T11:30:00Z" },
  ]);
  const right = [
    "req_1,claude-sonnet-5,10,5,0.000105",
    "req_2,claude-sonnet-5,20,5,",
    "req_3,claude-sonnet-5,30,5,0.000000",
  ];
  const same = await check([plain, ...right, "req_extra,claude-sonnet-5,1,1,"].join("\n"));
  assert.deepEqual([same.ok, same.count], [true, 0], JSON.stringify(same));
  const other = await check(
    [plain, right[0], "req_2,claude-sonnet-5,21,5,", right[2], "req_4,claude-sonnet-5,7,7,"].join("\r\n"),
  );
  assert.deepEqual(
    other.sample.map((one) => [(one as { kind: string }).kind, (one as { requestId: string }).requestId]),
    [
      ["missing", "req_4"],
      ["extra", "req_extra"],
      ["different", "req_2"],
    ],
  );
  assert.match(
    other.note ?? "",
    /^missing 1, extra 1, different 1; exported 4 calls, 68 tokens in, 22 out; in the ledger 3/,
  );
});

test("an amount differs when it is more than its last digit off", async (t) => {
  const check = await withLedger(t, [{ requestId: "req_1", in: 10, out: 5, picos: 105_400_000 }]);
  assert.equal((await check(`${plain}\nreq_1,m,10,5,0.000105`)).ok, true);
  assert.equal((await check(`${plain}\nreq_1,m,10,5,0.000107`)).count, 1);
});

const anthropicHead =
  "usage_date_utc,model_version,api_key,workspace,usage_type,context_window,usage_input_tokens_no_cache,usage_input_tokens_cache_write_5m,usage_input_tokens_cache_write_1h,usage_input_tokens_cache_read,usage_output_tokens,web_search_count";

const ledgerDays: Row[] = [
  { in: 100, out: 10, at: "2026-11-20T00:00:00Z" },
  { in: 60, out: 10, at: "2026-11-20T23:59:59Z" },
  { in: 7, out: 1, at: "2026-11-21T00:00:00Z" },
  { in: 9, out: 9, provider: "openai", model: "gpt-5.6-terra", at: "2026-11-20T12:00:00Z" },
  { in: 900, out: 9, at: "2026-12-01T00:00:00Z" },
];

for (const { name, text } of [
  {
    name: "Anthropic's console CSV",
    text: `\uFEFF${anthropicHead}
2026-11-20,claude-sonnet-5,"one, two",Default,standard,≤ 200k,50,20,10,60,15,0
2026-11-20,claude-sonnet-5,other,Default,standard,≤ 200k,20,0,0,0,5,0
2026-11-21,claude-sonnet-5,other,Default,standard,≤ 200k,7,0,0,0,1,0
`,
  },
  {
    name: "Anthropic's usage report",
    text: JSON.stringify({
      data: [
        {
          starting_at: "2026-11-20T00:00:00Z",
          ending_at: "2026-11-21T00:00:00Z",
          results: [
            {
              model: "claude-sonnet-5",
              uncached_input_tokens: 90,
              cache_creation: { ephemeral_5m_input_tokens: 5, ephemeral_1h_input_tokens: 5 },
              cache_read_input_tokens: 60,
              output_tokens: 20,
            },
          ],
        },
        {
          starting_at: "2026-11-21T00:00:00Z",
          ending_at: "2026-11-22T00:00:00Z",
          results: [{ model: "claude-sonnet-5", uncached_input_tokens: 7, output_tokens: 1 }],
        },
      ],
      has_more: false,
    }),
  },
]) {
  test(`${name} is compared by day and model`, async (t) => {
    const check = await withLedger(t, ledgerDays);
    const same = await check(text);
    assert.deepEqual([same.ok, same.count], [true, 0], JSON.stringify(same));
    assert.match(same.note ?? "", /anthropic 2026-11-20 to 2026-11-21: exported 167 tokens in, 21 out/);
    const off = await check(
      text.replaceAll("2026-11-21T", "2026-11-22T").replaceAll("\n2026-11-21", "\n2026-11-22"),
    );
    assert.match(off.note ?? "", /^missing 1, extra 1, different 0/);
  });
}

for (const { name, text } of [
  {
    name: "OpenAI's CSV",
    text: "start_time,end_time,start_time_iso,project_id,num_model_requests,model,input_tokens,output_tokens,input_cached_tokens\n1795132800,1795219200,2026-11-20T00:00:00,proj,1,gpt-5.6-terra,9,9,3\n",
  },
  {
    name: "OpenAI's usage pages",
    text: JSON.stringify({
      object: "page",
      data: [
        {
          object: "bucket",
          start_time: Date.parse("2026-11-20T00:00:00Z") / 1000,
          results: [{ model: "gpt-5.6-terra", input_tokens: 9, output_tokens: 9, num_model_requests: 1 }],
        },
      ],
    }),
  },
]) {
  test(`${name} is compared with OpenAI's calls alone`, async (t) => {
    const check = await withLedger(t, ledgerDays);
    const same = await check(text);
    assert.deepEqual([same.ok, same.count], [true, 0], JSON.stringify(same));
  });
}

for (const { name, text, says } of [
  { name: "an empty file", text: "", says: /no rows/ },
  { name: "other columns", text: "a,b\n1,2", says: /columns are not known/ },
  { name: "other JSON", text: '{"data":[{"x":1}]}', says: /JSON is not known/ },
  { name: "broken JSON", text: "{", says: /neither CSV nor JSON/ },
  { name: "an open quote", text: 'request_id,model\n"x,2', says: /not closed/ },
  { name: "a fraction of a token", text: `${plain}\nr,m,1.5,1,`, says: /Line 2: "1.5" is not a count/ },
  { name: "a negative count", text: `${plain}\nr,m,-1,1,`, says: /Line 2/ },
  { name: "an amount in words", text: `${plain}\nr,m,1,1,much`, says: /not an amount of dollars/ },
  { name: "a call without an id", text: `${plain}\n,m,1,1,`, says: /Line 2 has no request_id/ },
]) {
  test(`${name} is refused with what is wrong`, () => {
    assert.throws(
      () => readExport(text),
      (error) => error instanceof ExportError && says.test(error.message),
    );
  });
}

test("any table survives being written as CSV and read again", () => {
  const cell = fc
    .string({ unit: fc.constantFrom("a", " b", ",", '"', "\n", "\r\n", "é") })
    .map((text) => text.trim());
  const quote = (text: string) => `"${text.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell), { maxLength: 8 }), (rows) => {
      const text = [["x", "y"], ...rows].map((row) => row.map(quote).join(",")).join("\r\n");
      const kept = rows.filter((row) => row.some((value) => value !== ""));
      assert.deepEqual(
        parseCsv(text),
        kept.map(([x, y]) => ({ x, y })),
      );
    }),
  );
});

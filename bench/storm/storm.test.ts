/** The storm in small; `npm run bench -- storm` is the whole of it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { freshDatabase } from "../../apps/api/src/testing/database.ts";
import { storm } from "./storm.ts";

test("F92, F93, F94 with callers that leave, answers that break off and a proxy killed thrice, the ledger agrees with the provider", async (t) => {
  const { url } = await freshDatabase(t);
  const { violations, figures, kills } = await storm({
    database: url,
    calls: 120,
    lanes: 20,
    bots: 4,
    leaving: 0.3,
    cuts: 0.1,
    kills: 3,
  });
  assert.deepEqual(violations, []);
  assert.equal(kills, 3);
  assert.equal(figures["calls"], 120);
  assert.ok(Number(figures["complete"]) > 20, JSON.stringify(figures));
  assert.ok(Number(figures["left"]) > 0 && Number(figures["estimated"]) > 0, JSON.stringify(figures));
});

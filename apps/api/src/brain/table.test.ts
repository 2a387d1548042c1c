import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { sql } from "kysely";
import { freshDatabase } from "../testing/database.ts";
import { makeUser } from "../testing/deps.ts";
import { buildBrain, type MindSources } from "./build-brain.ts";
import { selectChangedMinds, selectSnapshot, storeSnapshot } from "./table.ts";

const empty: MindSources = { files: [], skills: [], tools: [], jobs: [], sessions: [] };
const file = (text: string) => ({ name: "MEMORY.md", size: text.length, updatedAt: null, text });

async function setUp(t: TestContext) {
  const { db } = await freshDatabase(t);
  const userId = await makeUser({ db });
  const { id } = await db
    .insertInto("app.bots")
    .values({ user_id: userId, status: "running" })
    .returning("id")
    .executeTakeFirstOrThrow();
  return { db, id };
}

test("the last picture is shown while the bot sleeps, and says that it is not live", async (t) => {
  const { db, id } = await setUp(t);
  assert.equal(await selectSnapshot(db, id), undefined);
  await storeSnapshot(db, id, buildBrain({ ...empty, files: [file("- Likes orchids")] }, new Date()));
  const shown = await selectSnapshot(db, id);
  assert.equal(shown?.live, false);
  assert.ok(shown.nodes.some((node) => node.label === "Likes orchids"));
});

test("an older picture that comes late does not replace a newer one", async (t) => {
  const { db, id } = await setUp(t);
  await storeSnapshot(db, id, buildBrain({ ...empty, files: [file("- new")] }, new Date()));
  await storeSnapshot(
    db,
    id,
    buildBrain({ ...empty, files: [file("- old")] }, new Date(Date.now() - 60_000)),
  );
  assert.ok((await selectSnapshot(db, id))?.nodes.some((node) => node.label === "new"));
});

test("F83 a file with characters that the database refuses is kept without them", async (t) => {
  const { db, id } = await setUp(t);
  await storeSnapshot(db, id, buildBrain({ ...empty, files: [file("- a\u0000b")] }, new Date()));
  assert.ok((await selectSnapshot(db, id))?.nodes.some((node) => node.label === "ab"));
});

test("a picture is taken anew of minds that were at work since, and of no others", async (t) => {
  const { db, id } = await setUp(t);
  assert.deepEqual(await selectChangedMinds(db, 10), [id]);
  await storeSnapshot(db, id, buildBrain(empty, new Date(Date.now() + 1000)));
  assert.deepEqual(await selectChangedMinds(db, 10), []);
  await sql`update app.bots set last_active_at = now() + interval '1 minute'`.execute(db);
  assert.deepEqual(await selectChangedMinds(db, 10), [id]);
  await sql`update app.bots set status = 'asleep'`.execute(db);
  assert.deepEqual(await selectChangedMinds(db, 10), []);
});

/** Requests that are made to hold up everybody else, or to be read in two ways (reference: faults I10). */
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { test } from "node:test";
import { Buffered, Held } from "./buffered.ts";
import { Limiter } from "./limiter.ts";
import { manualClock } from "../testing/deps.ts";
import { testProxy } from "./testing/proxy.ts";

const MIB = 1024 * 1024;

test("what is in memory is bounded for one bot and over all, and given back", () => {
  const buffered = new Buffered();
  const bot = new Held(buffered, "a");
  assert.equal(bot.add(64 * MIB), true);
  assert.equal(new Held(buffered, "a").add(1), false, "two requests of the largest size at once");
  const others = Array.from({ length: 7 }, (_, at) => new Held(buffered, `b${at}`));
  assert.deepEqual(
    others.map((held) => held.add(64 * MIB)),
    others.map(() => true),
  );
  assert.equal(new Held(buffered, "c").add(1), false, "the whole room is taken");
  bot.release();
  bot.release();
  assert.equal(new Held(buffered, "c").add(64 * MIB), true);
});

test("a bot whose requests cost much to read has to wait, others do not", () => {
  const clock = manualClock();
  const limiter = new Limiter(clock, { concurrent: 16, perMinute: 240 });
  let read = 0;
  while (limiter.takeWork("a", 500_000) === 0) read += 1;
  assert.equal(read, 8);
  assert.ok(limiter.takeWork("a", 500_000) > 0);
  assert.equal(limiter.takeWork("b", 500_000), 0);
  clock.advance(60_000);
  assert.equal(limiter.takeWork("a", 500_000), 0);
});

test("a request that would take seconds to parse, or names a field twice, is refused and reserves nothing", async (t) => {
  const { proxy, bot, truth, deps } = await testProxy(t);
  const post = async (body: string) => {
    const answer = await fetch(`${proxy.url}/v1/messages`, {
      method: "POST",
      headers: { "x-api-key": bot.key, "content-type": "application/json" },
      body,
    });
    return { status: answer.status, text: await answer.text() };
  };
  for (const [body, why] of [
    [`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, /nested too deeply/],
    [`{"a":[${"{},".repeat(1_000_000)}{}]}`, /too many parts/],
    ['{"model":"claude-opus-4-1","max_tokens":32000,"messages":[],"model":"claude-haiku-4-5"}', /twice/],
    ["not json", /not valid JSON/],
  ] as const) {
    const { status, text } = await post(body);
    assert.equal(status, 400);
    assert.match(text, why);
  }
  assert.deepEqual(await truth(), []);
  assert.deepEqual(await deps.db.selectFrom("app.usage_logs").selectAll().execute(), []);
});

test("bodies that never end are counted as they come, and their bot is told to slow down", async (t) => {
  const { proxy, bot } = await testProxy(t);
  const chunk = Buffer.alloc(8 * MIB, "a");
  const uploads = Array.from({ length: 4 }, () =>
    request(`${proxy.url}/v1/messages`, { method: "POST", headers: { "x-api-key": bot.key } }),
  );
  const refused = Promise.race(
    uploads.map(async (upload) => {
      const [answer] = (await once(upload, "response")) as [{ statusCode: number }];
      return answer.statusCode;
    }),
  );
  for (const upload of uploads) {
    upload.on("error", () => undefined); // the refusal closes the connection
    for (let sent = 0; sent < 3; sent += 1) upload.write(chunk);
  }
  assert.equal(await refused, 429);
  for (const upload of uploads) upload.destroy();
});

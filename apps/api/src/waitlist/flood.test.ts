/** F3 through the real route: ten thousand posts, many senders, and people among them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { createAuthenticator } from "../http/authenticate.ts";
import { buildServer } from "../http/build-server.ts";
import { testDeps } from "../testing/deps.ts";
import { limits } from "./limits.ts";
import { waitlistRoutes } from "./routes.ts";

const POSTS = 10_000;
/** Of a tenth of them each is a network of its own below one IPv6 customer's /48. */
const isOfOneSite = (sender: number) => sender % 10 === 0;
/** Fewer would be stopped by the limit of one address alone; more are a botnet nobody rents for this. */
const SENDERS = 1_000;
const DOMAINS = 20;
const AT_ONCE = 50;

test(`F3 ${POSTS} posts leave bounded rows and mails and no 500, and real people still get in`, async (t) => {
  const deps = await testDeps(t);
  // The neutral answer's pause is not under test here, and costs 150 ms a post.
  deps.clock = { ...deps.clock, sleep: async () => undefined };
  const app = await buildServer(deps);
  t.after(() => app.close());
  waitlistRoutes(
    {
      app,
      authenticator: createAuthenticator({
        ...deps,
        findBot: async () => undefined,
        accountState: async () => "open",
      }),
    },
    deps,
  );
  const statuses = new Map<number, number>();
  const post = async (remoteAddress: string, email: string) => {
    const { statusCode } = await app.inject({
      method: "POST",
      url: "/waitlist",
      remoteAddress,
      payload: { email },
    });
    statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
    return statusCode;
  };
  let next = 0;
  const people: number[] = [];
  const flood = async () => {
    for (let at = next++; at < POSTS; at = next++) {
      const sender = at % SENDERS;
      if (isOfOneSite(sender)) await post(`2001:db8:7:${sender.toString(16)}::1`, `spam${at}@gmail.com`);
      else await post(`10.${sender >> 8}.${sender & 255}.7`, `spam${at}@junk${at % DOMAINS}.example`);
      if (at % 2_500 === 1_250)
        people.push(await post(`192.0.2.${people.length + 1}`, `person${at}@example.org`));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, flood));
  people.push(await post("192.0.2.99", "late@example.net"));
  people.push(await post("2001:db8:8::1", "late@gmail.com"));

  assert.deepEqual(people, [200, 200, 200, 200, 200, 200]);
  assert.deepEqual(
    [...statuses.keys()].toSorted((a, b) => a - b),
    [200, 429],
  );
  const most = DOMAINS * limits.perDomain + limits.perSiteDay + people.length;
  const { rows } = await sql<{ entries: number; mails: number; people: number }>`
    select (select count(*) from app.waitlist)::int as entries, (select count(*) from app.mails)::int as mails,
      (select count(*) from app.mails where recipient like 'person%' or recipient like 'late%')::int as people`.execute(
    deps.db,
  );
  const [left] = rows;
  assert.ok(left);
  assert.ok(left.entries > limits.perDomain && left.entries <= most, `${left.entries} of at most ${most}`);
  assert.deepEqual([left.mails, left.people], [left.entries, people.length]);
  assert.equal((statuses.get(200) ?? 0) <= SENDERS * limits.perAddress + people.length, true);
});

/** One world for all tests of a file, and the requests that they write by hand. */
import { after, before, beforeEach } from "node:test";

import { startWorld } from "./world.ts";
import type { World } from "./world.ts";

/** There as soon as the first test of a file that has called `shareWorld` begins. */
export let world: World;

/** Started before the first test and ended after the last; `each` is told to /__control before every one. */
export function shareWorld({ each, env = {} }: { each: object; env?: Record<string, string> }): void {
  const cleanups: (() => Promise<unknown>)[] = [];
  before(async () => {
    world = await startWorld({ after: (work) => void cleanups.unshift(work) }, env);
  });
  after(async () => {
    for (const cleanup of cleanups) await cleanup();
  });
  beforeEach(async () => {
    await world.control(each);
  });
}

export const json = { apikey: "sb_publishable_test", "content-type": "application/json" };

export function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return world.raw(`/auth/v1${path}`, {
    method: "POST",
    headers: { ...json, "x-supabase-api-version": "2024-01-01", ...headers },
    body: JSON.stringify(body),
  });
}

export function bearer(token?: string): Record<string, string> {
  return {
    apikey: "sb_publishable_test",
    "content-type": "application/json",
    "x-supabase-api-version": "2024-01-01",
    ...(token ? { authorization: `Bearer ${token}` } : {}),
  };
}

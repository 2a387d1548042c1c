/**
 * Last of the journeys: after all that people did to this copy, the kills among it, what must hold of a
 * running system holds. Two minutes for what is on its way; the contract gives three (faults.md: I1, I9).
 */
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { run } from "../scripts/lib/run.ts";
import { root } from "../scripts/lib/web-build.ts";
import { copyUnderTest } from "./journey.ts";

interface Answer {
  ok: boolean;
  unasked: string[];
  checks: { id: string; ok: boolean; sample: unknown[]; notes: string[] }[];
}

async function check(): Promise<Answer> {
  const { output } = await run(
    [process.execPath, "--no-warnings", join(root, "scripts/molt.ts"), "check", "--json"],
    { env: { MOLT_DATA_DIR: copyUnderTest().dataDir } },
  );
  return JSON.parse(output) as Answer; // scripts/molt/check.ts prints exactly this
}

test("every invariant that a running system can prove holds, at Stripe and on the machines too", async () => {
  await expect
    .poll(async () => (await check()).checks.filter((one) => !one.ok), { timeout: 120_000 })
    .toEqual([]);
  const { ok, unasked, checks } = await check();
  expect(ok).toBe(true);
  expect(unasked).toEqual([]);
  const failures = checks.flatMap(({ notes }) => notes).filter((note) => /not compared|in time/.test(note));
  expect(failures).toEqual([]);
});

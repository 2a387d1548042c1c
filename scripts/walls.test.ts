/** The linter's walls, each shown to stand by running into it. */
import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { run } from "./lib/run.ts";
import { root } from "./lib/web-build.ts";

const walls = [
  {
    wall: "the contract imports nothing of ours",
    folder: "packages/contract/src",
    code: 'import "@molt/brand";',
  },
  { wall: "the brand imports nothing", folder: "packages/brand/src", code: 'import "zod";' },
  { wall: "a stand-in imports nothing of ours", folder: "local/auth", code: 'import "@molt/contract";' },
  {
    wall: "the bot imports nothing of ours",
    folder: "bot",
    code: 'import "../packages/contract/src/index.ts";',
  },
  {
    wall: "the api reaches a stand-in by wire only",
    folder: "apps/api/src/billing",
    code: 'import "../../../../local/stripe/main.ts";',
  },
  {
    wall: "the app reaches a stand-in by wire only",
    folder: "apps/app/src",
    code: 'import "../../../local/auth/main.ts";',
  },
  { wall: "one file knows Stripe", folder: "apps/api/src/usage", code: 'import "stripe";' },
  { wall: "one folder knows pg", folder: "apps/api/src/usage", code: 'import "pg";' },
  {
    wall: "a feature does not touch another's tables",
    folder: "apps/api/src/usage",
    code: 'import "../chat/table.ts";',
  },
  {
    wall: "only config.ts reads the environment",
    folder: "apps/api/src/usage",
    code: "export const x = process.env['X'];",
  },
  { wall: "nobody prints to the console", folder: "apps/api/src/usage", code: 'console.log("x");' },
  { wall: "no default exports", folder: "apps/api/src/usage", code: "export default 1;" },
] as const;

for (const [index, { wall, folder, code }] of walls.entries()) {
  test(wall, async (t) => {
    const file = join(root, folder, `planted-${index}.ts`);
    await writeFile(file, `${code}\n`);
    t.after(() => rm(file, { force: true }));
    const { ok, output } = await run(["oxlint", file]);
    assert.equal(ok, false, output);
  });
}

test("every workspace gets the same React and the same zod", () => {
  const users = {
    react: ["apps/app", "apps/landing"],
    "react-dom": ["apps/app", "apps/landing"],
    zod: ["apps/api", "packages/contract", "."],
  };
  for (const [name, workspaces] of Object.entries(users)) {
    const found = workspaces.map((folder) => createRequire(join(root, folder, "package.json")).resolve(name));
    assert.equal(new Set(found).size, 1, found.join(", "));
  }
});

/** A page that names a file names one that exists. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { root } from "./lib/web-build.ts";

const pages = globSync(["*.md", "docs/**/*.md"], { cwd: root }).toSorted();
/** A feature's file is named as seen from the api's source. */
const bases = ["", "apps/api/src"];

for (const page of pages) {
  test(`every file that ${page} names is there`, () => {
    const text = readFileSync(join(root, page), "utf8");
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#]+)/g)].map(([, link = ""]) =>
      relative(root, join(root, dirname(page), link)),
    );
    const named = [...text.matchAll(/`((?:[\w@.-]+\/)+[\w@.*-]+\.(?:ts|tsx|mjs|sql|md|json))`/g)].map(
      ([, path = ""]) => path,
    );
    const missing = [...links, ...named].filter((path) =>
      bases.every((base) => globSync(join(base, path), { cwd: root }).length === 0),
    );
    assert.deepEqual(missing, []);
  });
}

test(".env.example names every variable that the api and the two sites are told by", () => {
  const example = readFileSync(join(root, ".env.example"), "utf8");
  const named = new Set([...example.matchAll(/^([A-Z][A-Z0-9_]*)=/gm)].map(([, name]) => name));
  const read = [
    ...namesIn("apps/landing/site.config.ts", /env\["([A-Z0-9_]+)"\]/g),
    ...namesIn("apps/app/src/session/config.ts", /process\.env\.([A-Z0-9_]+)/g),
    ...namesIn("apps/api/src/config.ts", /^ {2}([A-Z][A-Z0-9_]+):/gm),
  ];
  assert.ok(read.length > 30, `${read.length} names were found`);
  assert.deepEqual(
    read.filter((name) => !named.has(name) && !GIVEN.has(name)),
    [],
  );
});

/** What `npm start` computes for the processes it starts, and what Vercel sets by itself. */
const GIVEN = new Set([
  "PORT",
  "MOLT_MODELS_PORT",
  "MOLT_WORKER_PORT",
  "MOLT_BOT_MODEL_JSON",
  "VERCEL",
  "VERCEL_PROJECT_PRODUCTION_URL",
]);

function namesIn(file: string, pattern: RegExp): string[] {
  return [...readFileSync(join(root, file), "utf8").matchAll(pattern)].map(([, name = ""]) => name);
}

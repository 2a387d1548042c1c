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

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { errorTable } from "./errors.ts";

test("docs/errors.md explains exactly the codes there are", () => {
  const page = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8");
  assert.deepEqual(
    [...page.matchAll(/^## (\w+)$/gm)].map(([, code]) => code),
    Object.keys(errorTable),
  );
});

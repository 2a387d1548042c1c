import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";

test("a known secret never reaches the log, wherever it stands", () => {
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line), ["top-secret-token"]);
  log.error("failed with top-secret-token", {
    error: new Error("GET ?key=top-secret-token", { cause: new Error("top-secret-token") }),
    nested: { list: ["top-secret-token"] },
  });
  assert.equal(lines.length, 1);
  assert.ok(!lines[0]?.includes("top-secret-token"));
  assert.equal(lines[0]?.match(/\[secret\]/g)?.length, 4);
});

test("a line of the gateway cannot flood the log", () => {
  const lines: string[] = [];
  createLog((line) => lines.push(line), []).info("x".repeat(1_000_000));
  assert.ok((lines[0]?.length ?? 0) < 9_000);
});

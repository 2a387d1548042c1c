import assert from "node:assert/strict";
import { test } from "node:test";
import { readLink } from "./read-link.ts";

test("a whole link says what it does and carries its proof", () => {
  assert.deepEqual(readLink(`#magiclink.pkce_${"a1".repeat(20)}`), {
    type: "magiclink",
    tokenHash: `pkce_${"a1".repeat(20)}`,
  });
});

test("what is cut off, foreign or unknown is no link", () => {
  for (const hash of [
    "",
    "#",
    "#magiclink.",
    "#magiclink.short",
    `#sudo.${"a".repeat(40)}`,
    `#magiclink.${"a".repeat(40)}<`,
  ])
    assert.equal(readLink(hash), undefined, hash);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { keyMeans } from "./composer-keys.ts";

test("Enter sends, Shift+Enter is a new line, Esc stops, letters are letters", () => {
  assert.equal(keyMeans({ key: "Enter" }), "send");
  assert.equal(keyMeans({ key: "Enter", shiftKey: true }), null);
  assert.equal(keyMeans({ key: "Escape" }), "stop");
  assert.equal(keyMeans({ key: "a" }), null);
});

test("Enter that picks a word of an input method does not send, in any browser", () => {
  assert.equal(keyMeans({ key: "Enter", isComposing: true }), null);
  assert.equal(keyMeans({ key: "Enter", keyCode: 229 }), null);
});

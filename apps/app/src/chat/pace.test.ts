import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, pace } from "./pace.ts";

test("a clump of words becomes a stream that is gone in a quarter of a second or so", () => {
  let shown = 0;
  let ms = 0;
  while (shown < 1000) {
    const next = pace(shown, 1000, 16);
    assert.ok(next > shown && next - shown < 80, `${next - shown} characters in one frame`);
    shown = next;
    ms += 16;
  }
  assert.ok(ms < 2000, `${ms} ms`);
});

test("the last characters do not crawl: 40 a second is the least", () => {
  assert.equal(pace(99, 100, 25), 100);
  assert.ok(Math.abs(pace(0, 5, 25) - 1) < 0.01);
});

test("a low frame rate shows the same text in the same time", () => {
  assert.equal(Math.round(pace(pace(0, 8, 25), 8, 25)), Math.round(pace(0, 8, 50)));
});

test("a text that became shorter is shown whole, a clock that went back does nothing", () => {
  assert.equal(pace(50, 20, 16), 20);
  assert.equal(pace(5, 20, -16), 5);
});

test("an emoji is never cut in two", () => {
  assert.equal(cut("a🦞b", 2), "a");
  assert.equal(cut("a🦞b", 3), "a🦞");
});

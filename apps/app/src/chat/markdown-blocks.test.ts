import assert from "node:assert/strict";
import { test } from "node:test";
import { highlight } from "./highlight.ts";
import { blocksOf, safeHref } from "./markdown-blocks.ts";
import { plain, segmentsOf } from "./segments.ts";

const types = (text: string, streaming = false) => blocksOf(text, streaming).map((b) => b.token.type);

test("a text is cut into the blocks it is made of", () => {
  assert.deepEqual(
    types("# A\n\nwords\n\n- one\n- two\n\n| a |\n| - |\n| b |\n\n```js\n1\n```\n\n> said\n\n---"),
    ["heading", "paragraph", "list", "table", "code", "blockquote", "hr"],
  );
});

test("while a reply runs only its last block changes", () => {
  const before = blocksOf("First.\n\nSecond gr", true).map((b) => b.token.raw);
  const after = blocksOf("First.\n\nSecond grows.\n\nThird", true).map((b) => b.token.raw);
  assert.equal(before[0], after[0]);
});

test("half-open syntax of a running reply is closed, a finished text is left alone", () => {
  assert.match(blocksOf("a **bol", true)[0]?.token.raw ?? "", /\*\*bol\*\*/);
  assert.equal(blocksOf("a **bol", false)[0]?.token.raw, "a **bol");
});

test("the last fence of a running reply is not coloured before it is closed by more text", () => {
  assert.deepEqual(
    blocksOf("```js\nlet a", true).map((b) => b.closed),
    [false],
  );
  assert.deepEqual(
    blocksOf("```js\nlet a\n```", false).map((b) => b.closed),
    [true],
  );
});

for (const href of [
  "javascript:alert(1)",
  "JaVaScRiPt:alert(1)",
  " java\nscript:alert(1)",
  "data:text/html,<script>1</script>",
  "vbscript:x",
  "file:///etc/passwd",
  "/settings",
  "//evil.example",
  "streamdown:incomplete-link",
  "",
]) {
  test(`a bot cannot link to ${JSON.stringify(href)}`, () => assert.equal(safeHref(href), null));
}
for (const href of ["https://example.org/a?b=c", "http://example.org/", "mailto:ada@example.org"]) {
  test(`a bot can link to ${href}`, () => assert.equal(safeHref(href), href));
}

test("raw HTML stays what it is: text", () => {
  const [block] = blocksOf("<img src=x onerror=alert(1)>\n<script>alert(1)</script>", false);
  assert.equal(block?.token.type, "html");
  assert.match(block?.token.raw ?? "", /^<img src=x onerror=alert\(1\)>/);
});

test("entities are read as characters, once", () => {
  assert.equal(plain("a &lt; b &amp;lt; c"), "a < b &lt; c");
});

test("coloured code is the same code", () => {
  const code = 'const a = "<b> & \\"c\\"";\n// done';
  const segments = highlight(code, "typescript") ?? [];
  assert.equal(segments.map((s) => s.text).join(""), code);
  assert.ok(segments.some((s) => s.kind === "keyword") && segments.some((s) => s.kind === "comment"));
});

test("an unknown language and an endless file stay plain", () => {
  assert.equal(highlight("x", "klingon"), null);
  assert.equal(highlight("x".repeat(30_000), "json"), null);
});

test("spans inside spans give the innermost kind", () => {
  assert.deepEqual(segmentsOf('<span class="hljs-string">a<span class="hljs-subst">b</span></span>c'), [
    { text: "a", kind: "string" },
    { text: "b", kind: "subst" },
    { text: "c", kind: null },
  ]);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { checkJson } from "./check-json.ts";
import { CallRefused } from "./refusals.ts";

const check = (text: string) => checkJson(Buffer.from(text));
const refused = (text: string, why: RegExp) =>
  assert.throws(
    () => check(text),
    (error) => error instanceof CallRefused && error.refusal.status === 400 && why.test(error.message),
  );

test("any JSON passes, with as many marks as it has strings and signs", () => {
  assert.equal(check('{"model":"a","messages":[{"role":"user"},2,null]}'), 17);
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 8 })), (value) => {
      const text = JSON.stringify(value);
      const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, '"');
      assert.equal(check(text), outside.match(/["{}[\],:]/g)?.length);
    }),
    { numRuns: 300 },
  );
});

test("the end of a string is found behind escapes, however long it is", () => {
  for (const length of [0, 1, 254, 255, 256, 257, 258, 600, 5_000]) {
    for (const tail of ["", "\\", '"', '\\"', '\\\\"', "é"]) {
      const text = JSON.stringify({ a: `${"x".repeat(length)}${tail}`, b: "]}" });
      assert.equal(check(text), 9, `${length} ${tail}`);
    }
  }
});

test("a field that stands there twice is refused, also when it is written in another way", () => {
  refused('{"model":"a","max_tokens":1,"model":"b"}', /"model" stands there twice/);
  refused('{"model":"a","mod\\u0065l":"b"}', /twice/);
  assert.ok(check('{"a":{"model":1},"b":[{"model":2},{"model":3}],"model":4}') > 0);
});

test("what would hold up everybody's parser is refused at once", () => {
  refused(`${"[".repeat(101)}${"]".repeat(101)}`, /nested too deeply/);
  refused(`{"a":[${"{},".repeat(100_000)}{}]}`, /too many parts/);
  refused(`{${Array.from({ length: 70_000 }, (_, at) => `"k${at}":0`).join(",")}}`, /too many parts/);
});

test("any bytes are looked at without another error", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 2_000 }), (bytes) => {
      try {
        checkJson(Buffer.from(bytes));
      } catch (error) {
        assert.ok(error instanceof CallRefused);
      }
    }),
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";

// The bundler puts this word into the app; a test of the file has to say it itself.
Object.assign(globalThis, { __DEV__: false });
const { parseConfig, showCatalogue } = await import("./config.ts");

test("a config names its api, with or without a slash at the end", () => {
  assert.deepEqual(parseConfig({ apiUrl: "http://127.0.0.1:4702/" }), {
    apiUrl: "http://127.0.0.1:4702",
    publishableKey: "",
  });
  assert.equal(parseConfig({ apiUrl: "https://api.example.org", publishableKey: "pk" }).publishableKey, "pk");
});

for (const bad of [
  undefined,
  null,
  {},
  { apiUrl: "" },
  { apiUrl: "ftp://x" },
  { apiUrl: "javascript:alert(1)" },
  { apiUrl: 3 },
  "x",
]) {
  test(`${JSON.stringify(bad) ?? "nothing"} is refused with the name of what is missing`, () =>
    assert.throws(() => parseConfig(bad), /apiUrl/));
}

test("the catalogue is not part of a released build", () => assert.equal(showCatalogue, false));

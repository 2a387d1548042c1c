/** What every answer has: errors in the client's version, headers for browsers, a no to what is broken. */
import assert from "node:assert/strict";
import { suite, test } from "node:test";

import { bearer, shareWorld, world } from "./testing/shared-world.ts";
import { errorOf, password } from "./testing/world.ts";

shareWorld({ each: { autoconfirm: true, disableSignup: false, faults: [] } });

suite("what every answer has", () => {
  test("errors come in the shape of the version that the client names", async () => {
    const body = JSON.stringify({ email: "nobody@example.com", password });
    const fresh = await world.raw("/auth/v1/token?grant_type=password", {
      method: "POST",
      headers: bearer(),
      body,
    });
    assert.equal(fresh.headers.get("x-supabase-api-version"), "2024-01-01");
    assert.deepEqual(await fresh.json(), {
      code: "invalid_credentials",
      message: "Invalid login credentials",
    });
    const { "x-supabase-api-version": _version, ...older } = bearer();
    const old = await world.raw("/auth/v1/token?grant_type=password", {
      method: "POST",
      headers: older,
      body,
    });
    assert.deepEqual(await old.json(), {
      code: 400,
      error_code: "invalid_credentials",
      msg: "Invalid login credentials",
    });
  });

  test("a browser may send its headers and read the version", async () => {
    const answer = await world.raw("/auth/v1/user", {
      method: "OPTIONS",
      headers: { origin: "http://a.example" },
    });
    assert.equal(answer.status, 204);
    const allowed = answer.headers.get("access-control-allow-headers") ?? "";
    for (const name of [
      "Accept",
      "Authorization",
      "Content-Type",
      "X-Client-Info",
      "X-Supabase-Api-Version",
      "apikey",
    ]) {
      assert.ok(allowed.includes(name), name);
    }
    assert.match(answer.headers.get("access-control-expose-headers") ?? "", /X-Supabase-Api-Version/);
    assert.equal(answer.headers.get("access-control-allow-credentials"), null);
    const error = await world.raw("/auth/v1/user", { headers: bearer() });
    assert.equal(error.headers.get("access-control-allow-origin"), "*");
    const control = await world.raw("/__control", { headers: { origin: "http://a.example" } });
    assert.equal(
      control.headers.get("access-control-allow-origin"),
      null,
      "no web page reaches the controls",
    );
  });

  test("a wrong or missing key is refused", async () => {
    for (const key of [undefined, "sb_publishable_other"]) {
      const headers = { ...bearer(), ...(key ? { apikey: key } : {}) };
      if (!key) Reflect.deleteProperty(headers, "apikey");
      assert.equal((await world.raw("/auth/v1/settings", { headers })).status, 401);
    }
  });

  for (const { name, body, code } of [
    { name: "broken JSON", body: "{", code: "bad_json" },
    { name: "a list", body: "[]", code: "validation_failed" },
    { name: "a prototype key", body: '{"__proto__":{"x":1},"email":"a@b.co"}', code: "bad_json" },
    {
      name: "an object as address",
      body: '{"email":{"a":1},"password":"long enough"}',
      code: "validation_failed",
    },
    {
      name: "NUL in the metadata",
      body: '{"email":"nul@example.com","password":"long enough","data":{"a":"\\u0000"}}',
      code: "validation_failed",
    },
    {
      name: "half a surrogate pair",
      body: '{"email":"nul@example.com","password":"long enough","data":{"a":"\\ud800"}}',
      code: "validation_failed",
    },
    {
      name: "metadata over 4 KiB",
      body: JSON.stringify({ email: "big@example.com", password, data: { a: "x".repeat(5_000) } }),
      code: "validation_failed",
    },
  ]) {
    test(`${name} ends in 400 and no account`, async () => {
      const answer = await world.raw("/auth/v1/signup", { method: "POST", headers: bearer(), body });
      assert.deepEqual([answer.status, answer.headers.get("x-sb-error-code")], [400, code]);
    });
  }

  test("a body of a megabyte is refused, and another type as well", async () => {
    const big = { method: "POST", headers: bearer(), body: JSON.stringify({ email: "x".repeat(1_000_000) }) };
    assert.equal((await world.raw("/auth/v1/signup", big)).status, 413);
    const form = { method: "POST", headers: { ...bearer(), "content-type": "text/plain" }, body: "email=a" };
    assert.equal((await world.raw("/auth/v1/signup", form)).status, 415);
  });

  for (const path of ["/authorize?provider=google", "/sso", "/factors", "/admin/users", "/nothing"]) {
    test(`${path} is not served`, async () => {
      const answer = await world.raw(`/auth/v1${path}`, { headers: bearer() });
      assert.equal(answer.status, 404);
    });
  }

  test("anonymous and phone sign-ups say that they are switched off", async () => {
    assert.deepEqual(errorOf(await world.client().signInAnonymously()), [422, "anonymous_provider_disabled"]);
    assert.deepEqual(errorOf(await world.client().signUp({ phone: "+15550100", password })), [
      400,
      "phone_provider_disabled",
    ]);
  });
});

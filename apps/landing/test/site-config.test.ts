/** What a build is told about the servers it talks to: taken as it is meant, or the build stops. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const file = fileURLToPath(new URL("../site.config.ts", import.meta.url));
const ask = `import(${JSON.stringify(file)}).then(({ site }) => console.log(site.apiUrl))`;

/** As a build reads it: a process with this environment. */
async function apiUrl(address: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, ["-e", ask], {
    env: { NODE_ENV: "production", NEXT_PUBLIC_API_URL: address },
  });
  return stdout.trim();
}

test("an address of the api is taken without slashes at its end, and none is none", async () => {
  assert.equal(await apiUrl("https://api.example.com/"), "https://api.example.com");
  assert.equal(await apiUrl("https://example.com/api//"), "https://example.com/api");
  assert.equal(await apiUrl(""), "");
});

test("an address that is none stops the build with the variable's name", async () => {
  for (const wrong of ["api.example.com", "ftp://api.example.com", "https://"])
    await assert.rejects(apiUrl(wrong), /NEXT_PUBLIC_API_URL must be an address/, wrong);
});

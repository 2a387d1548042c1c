/**
 * Gives every built page a Content-Security-Policy that names its own inline scripts by hash. A
 * static export has no server that could put a nonce, and Next's bootstrap is inline.
 */
import { createHash } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

/** The addresses of api and app come at run time from /config.json, so any https host may be asked. */
const fixed = [
  "default-src 'none'",
  "style-src 'self' 'unsafe-inline'",
  // The status page asks the app's host for a picture.
  "img-src 'self' data: https: http://127.0.0.1:* http://localhost:*",
  "font-src 'self'",
  "connect-src 'self' https: http://127.0.0.1:* http://localhost:*",
  "base-uri 'none'",
  "form-action 'self'",
];

/** The policy for one page, as it stands in the `content` of its meta element. */
export function policyFor(html: string): string {
  const inline = html.matchAll(/<script(?<attributes>[^>]*)>(?<code>[\s\S]*?)<\/script>/g);
  const hashes = new Set<string>();
  for (const { groups } of inline) {
    const { attributes = "", code = "" } = groups ?? {};
    // Data (JSON-LD) is not run, and files are covered by 'self'.
    if (/\ssrc=/.test(attributes) || /type="application\/ld\+json"/.test(attributes) || code === "") continue;
    hashes.add(`'sha256-${createHash("sha256").update(code).digest("base64")}'`);
  }
  return [...fixed, ["script-src 'self'", ...hashes].join(" ")].join("; ");
}

/** Safe to run twice: a policy that is there already is replaced. @returns how many pages were written. */
export async function securePages(folder: string): Promise<number> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".html"));
  for (const name of names) {
    const file = path.join(folder, name);
    const html = (await readFile(file, "utf8")).replace(
      /<meta http-equiv="Content-Security-Policy"[^>]*>/,
      "",
    );
    // After the charset, which must stand in the first 1,024 bytes, and before anything that could run.
    const secured = html.replace(
      /<meta charSet="utf-8"\/>/,
      (charset) => `${charset}<meta http-equiv="Content-Security-Policy" content="${policyFor(html)}"/>`,
    );
    if (secured === html)
      throw new Error(`${name} has no place for a policy: its <meta charset> was not found`);
    await writeFile(file, secured);
  }
  return names.length;
}

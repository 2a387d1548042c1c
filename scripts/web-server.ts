/**
 * Serves the built landing page and web app, as Vercel and a static host do in production: hashed
 * files for ever, pages fresh, security headers on everything, and `/config.json` with the addresses
 * that a build cannot know.
 */
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { readdirSync, readFileSync } from "node:fs";
import sirv from "sirv";

interface SiteOptions {
  folder: string;
  port: number;
  config: Record<string, string>;
  /** Page for an address that does not exist. */
  notFound: string;
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} must be set`);
  return value;
}

const apiUrl = required("API_URL");
const appUrl = required("APP_URL");
const landingUrl = required("LANDING_URL");

/**
 * For each page the hashes of its inline scripts: an export starts with small scripts of its own, and
 * there is no server to give them a nonce. Keyed by the page's file.
 */
function inlineScripts(folder: string): Map<string, string> {
  const byPage = new Map<string, string>();
  for (const file of readdirSync(folder, { recursive: true, encoding: "utf8" })) {
    if (!file.endsWith(".html")) continue;
    const page = readFileSync(join(folder, file), "utf8");
    const scripts = [...page.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g)];
    const hashes = scripts.map(
      ([, script = ""]) => `'sha256-${createHash("sha256").update(script).digest("base64")}'`,
    );
    byPage.set(file, [...new Set(hashes)].join(" "));
  }
  return byPage;
}

/** The hashes for the page that an address shows; those of the not-found page where there is none. */
function scriptsOf(byPage: ReadonlyMap<string, string>, url: string, notFound: string): string {
  const path = (url.split("?")[0] ?? "/").replace(/^\/+|\/+$/g, "");
  const candidates = [path, `${path}.html`, path === "" ? "index.html" : `${path}/index.html`, notFound];
  return candidates.map((file) => byPage.get(file)).find((hashes) => hashes !== undefined) ?? "";
}

function securityHeaders(response: ServerResponse, scripts: string): void {
  const connect = [apiUrl, apiUrl.replace(/^http/, "ws")].join(" ");
  response.setHeader(
    "content-security-policy",
    [
      "default-src 'self'",
      `script-src 'self' ${scripts}`,
      "style-src 'self' 'unsafe-inline'",
      // The landing's status page asks the app for a picture.
      `img-src 'self' data: blob: ${appUrl}`,
      "font-src 'self' data:",
      `connect-src 'self' ${connect}`,
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
    ].join("; "),
  );
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("referrer-policy", "strict-origin-when-cross-origin");
  response.setHeader("cross-origin-opener-policy", "same-origin");
  response.setHeader("permissions-policy", "camera=(), microphone=(), geolocation=()");
}

function startSite({ folder, port, config, notFound }: SiteOptions): Promise<void> {
  const files = sirv(folder, {
    brotli: true,
    gzip: true,
    etag: true,
    extensions: ["html"],
    setHeaders(response, path) {
      const hashed =
        path.startsWith("/_next/static/") || path.startsWith("/_expo/static/") || path.startsWith("/assets/");
      response.setHeader(
        "cache-control",
        hashed ? "public, max-age=31536000, immutable" : "public, max-age=0, must-revalidate",
      );
    },
  });
  const missing = readFileSync(join(folder, notFound));
  const byPage = inlineScripts(folder);
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    securityHeaders(response, scriptsOf(byPage, request.url ?? "/", notFound));
    if (request.url === "/config.json") {
      response
        .writeHead(200, { "content-type": "application/json", "cache-control": "no-store" })
        .end(JSON.stringify(config));
      return;
    }
    files(request, response, () => {
      response
        .writeHead(404, { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" })
        .end(missing);
    });
  });
  process.once("SIGTERM", () => {
    server.close();
    server.closeAllConnections();
  });
  return new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
}

await startSite({
  folder: required("LANDING_FOLDER"),
  port: Number(new URL(landingUrl).port),
  config: { apiUrl, appUrl },
  notFound: "404.html",
});
await startSite({
  folder: required("APP_FOLDER"),
  port: Number(new URL(appUrl).port),
  config: { apiUrl, landingUrl },
  notFound: "+not-found.html",
});
console.log(JSON.stringify({ ready: true, url: landingUrl }));

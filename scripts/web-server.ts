/**
 * Serves the built landing page and web app, as Vercel and a static host do in production: hashed
 * files for ever, pages fresh, security headers on everything, and `/config.json` with the addresses
 * that a build cannot know.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { join } from "node:path";
import { readFileSync } from "node:fs";
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

function securityHeaders(response: ServerResponse): void {
  // The landing's status page asks the app whether it is there.
  const connect = [apiUrl, apiUrl.replace(/^http/, "ws"), appUrl].join(" ");
  response.setHeader(
    "content-security-policy",
    [
      "default-src 'self'",
      // Both exports start with small inline scripts of their own; there is no server to give them a nonce.
      "script-src 'self' 'unsafe-inline'",
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data: blob:",
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
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    securityHeaders(response);
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

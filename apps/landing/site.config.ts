/**
 * What the build is told about where it will stand: the only file of the landing page that reads
 * the environment. Nothing here is secret. The addresses of api and app may also come at run time
 * from /config.json (lib/runtime-config.ts), so that one build serves every installation.
 */
const env = process.env;

/**
 * On Vercel the address of production is known without being told. A build for the public that knows no
 * address stops: its pages would tell search engines to look at 127.0.0.1.
 */
function siteUrl(): string {
  const production = env["VERCEL_PROJECT_PRODUCTION_URL"];
  const url = env["SITE_URL"] || (production ? `https://${production}` : "");
  if (url === "" && env["VERCEL"]) throw new Error("SITE_URL must say where these pages will stand.");
  return (url || "http://127.0.0.1:4700").replace(/\/+$/, "");
}

/**
 * Another server's address as the pages use it: a path is put right behind it. Empty where none is set.
 * @throws {Error} naming the variable, so that a build with a wrong one is not published.
 */
function serverUrl(name: string): string {
  const url = (env[name] ?? "").trim().replace(/\/+$/, "");
  if (url !== "" && !/^https?:\/\/[^/\s]+/.test(url))
    throw new Error(`${name} must be an address that begins with https://, not ${JSON.stringify(url)}.`);
  return url;
}

export const site = {
  /** Canonical address of these pages: links between languages, sitemap, feeds, pictures. */
  url: siteUrl(),
  /** Where the waitlist form posts and the status page looks, unless /config.json says otherwise. */
  apiUrl: serverUrl("NEXT_PUBLIC_API_URL"),
  appUrl: serverUrl("NEXT_PUBLIC_APP_URL"),
  /** Who answers for this installation. Empty: the imprint says that it is not filled in yet. */
  legal: {
    name: env["LEGAL_NAME"] ?? "",
    address: env["LEGAL_ADDRESS"] ?? "",
    email: env["LEGAL_EMAIL"] ?? "",
  },
} as const;

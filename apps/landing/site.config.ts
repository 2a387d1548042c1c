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

export const site = {
  /** Canonical address of these pages: links between languages, sitemap, feeds, pictures. */
  url: siteUrl(),
  /** Where the waitlist form posts and the status page looks, unless /config.json says otherwise. */
  apiUrl: env["NEXT_PUBLIC_API_URL"] ?? "",
  appUrl: env["NEXT_PUBLIC_APP_URL"] ?? "",
  /** Who answers for this installation. Empty: the imprint says that it is not filled in yet. */
  legal: {
    name: env["LEGAL_NAME"] ?? "",
    address: env["LEGAL_ADDRESS"] ?? "",
    email: env["LEGAL_EMAIL"] ?? "",
  },
} as const;

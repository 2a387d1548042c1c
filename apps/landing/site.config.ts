/**
 * What the build is told about where it will stand: the only file of the landing page that reads
 * the environment. Nothing here is secret. The addresses of api and app may also come at run time
 * from /config.json (lib/runtime-config.ts), so that one build serves every installation.
 */
const env = process.env;

export const site = {
  /** Canonical address of these pages: links between languages, sitemap, feeds, pictures. */
  url: (env["SITE_URL"] ?? "http://127.0.0.1:4700").replace(/\/+$/, ""),
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

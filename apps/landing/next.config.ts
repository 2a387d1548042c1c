import path from "node:path";
import type { NextConfig } from "next";

const repository = path.join(import.meta.dirname, "../..");

/** A folder of files: any static host can serve it, and nothing of ours runs at request time. */
const config: NextConfig = {
  output: "export",
  reactStrictMode: true,
  poweredByHeader: false,
  turbopack: { root: repository },
  outputFileTracingRoot: repository,
  serverExternalPackages: ["sharp"],
  adapterPath: path.join(import.meta.dirname, "scripts/next-adapter.config.ts"),
  // English and German are two root layouts, so that <html lang> is true; the 404 page stands beside both.
  experimental: { globalNotFound: true },
};
export default config;

import { dark, light, name, promise } from "@molt/brand";
import type { ReactNode } from "react";
import { stylesheet } from "../ui/css.ts";

/** The page around every route of the web build. No inline script: the CSP allows none of ours. */
export default function Html({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <head>
        <meta charSet="utf-8" />
        <meta
          name="viewport"
          content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
        />
        <meta name="description" content={promise} />
        <meta name="application-name" content={name} />
        <meta name="theme-color" content={light.bg} media="(prefers-color-scheme: light)" />
        <meta name="theme-color" content={dark.bg} media="(prefers-color-scheme: dark)" />
        <meta name="referrer" content="no-referrer" />
        <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
        <link rel="icon" href="/icon-32.png" sizes="32x32" type="image/png" />
        <link rel="apple-touch-icon" href="/icon-180.png" />
        <link rel="manifest" href="/manifest.webmanifest" />
        <link rel="preload" href="/fonts/figtree.woff2" as="font" type="font/woff2" crossOrigin="" />
        <link
          rel="preload"
          href="/fonts/bricolage-grotesque.woff2"
          as="font"
          type="font/woff2"
          crossOrigin=""
        />
        <script src="/before.js" />
        <style dangerouslySetInnerHTML={{ __html: stylesheet() }} />
      </head>
      <body>{children}</body>
    </html>
  );
}

/** Titles, canonical addresses, language links and previews of every page, in one shape. */
import type { Metadata } from "next";
import { site } from "../site.config.ts";
import { href, type Language, mailPaths, type Path } from "../words/paths.ts";

/** @param title without the product's name, which the frame adds; the home page brings its own whole title. */
export function pageData(
  language: Language,
  path: Path,
  words: { title: string; description: string },
): Metadata {
  const title = path === "/" ? words.title : `${words.title} · Molt-OS`;
  const hidden = (mailPaths as readonly string[]).includes(path);
  return {
    title,
    description: words.description,
    alternates: {
      canonical: href(language, path),
      languages: { en: href("en", path), de: href("de", path), "x-default": href("en", path) },
      types: { "application/rss+xml": language === "en" ? "/feed.xml" : "/de/feed.xml" },
    },
    openGraph: {
      title,
      description: words.description,
      url: href(language, path),
      siteName: "Molt-OS",
      locale: language === "en" ? "en_US" : "de_DE",
      alternateLocale: language === "en" ? "de_DE" : "en_US",
      type: "website",
      images: [{ url: `/og-${language}.png`, width: 1200, height: 630, alt: title }],
    },
    twitter: { card: "summary_large_image" },
    ...(hidden ? { robots: { index: false, follow: false } } : {}),
  };
}

/** What both languages share: where relative addresses point, and the icon. */
export const baseData: Metadata = {
  metadataBase: new URL(site.url),
  icons: { icon: [{ url: "/mark.svg", type: "image/svg+xml" }], apple: "/touch.png" },
  applicationName: "Molt-OS",
  formatDetection: { telephone: false },
};

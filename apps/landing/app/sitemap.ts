import type { MetadataRoute } from "next";
import { site } from "../site.config.ts";
import { changes } from "../words/changes.ts";
import { href, languages, paths } from "../words/paths.ts";

export const dynamic = "force-static";

const at = (path: string) => new URL(path, site.url).href;

export default function sitemap(): MetadataRoute.Sitemap {
  return paths.flatMap((path) =>
    languages.map((language) => ({
      url: at(href(language, path)),
      lastModified: changes[0]?.date ?? "2026-11-22",
      alternates: { languages: { en: at(href("en", path)), de: at(href("de", path)) } },
    })),
  );
}

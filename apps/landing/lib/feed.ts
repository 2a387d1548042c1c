import { site } from "../site.config.ts";
import { changes } from "../words/changes.ts";
import { href, type Language } from "../words/paths.ts";
import { words } from "../words/words.ts";

/** The changelog as RSS 2.0. */
export function feed(language: Language): Response {
  const { changelog } = words[language];
  const page = new URL(href(language, "/changelog"), site.url).href;
  const self = new URL(language === "en" ? "/feed.xml" : "/de/feed.xml", site.url).href;
  const items = changes.map((change) => {
    const { title, points } = change[language];
    const list = `<ul>${points.map((point) => `<li>${escape(point)}</li>`).join("")}</ul>`;
    const date = new Date(`${change.date}T12:00:00Z`).toUTCString();
    return `<item><title>${escape(title)}</title><link>${escape(`${page}#${change.id}`)}</link><guid isPermaLink="false">${escape(change.id)}</guid><pubDate>${date}</pubDate><description>${escape(list)}</description></item>`;
  });
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>${escape(`Molt-OS: ${changelog.title}`)}</title><link>${escape(page)}</link><atom:link href="${escape(self)}" rel="self" type="application/rss+xml"/><description>${escape(changelog.description)}</description><language>${language}</language>${items.join("")}</channel></rss>
`;
  return new Response(xml, { headers: { "content-type": "application/rss+xml; charset=utf-8" } });
}

function escape(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

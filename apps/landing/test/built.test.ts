/** Reads the built pages in out/ as a crawler would. Run `next build` in apps/landing first. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { changes } from "../words/changes.ts";
import { href, languages, mailPaths, type Path, paths } from "../words/paths.ts";

const out = path.join(import.meta.dirname, "../out");
const files = new Set(
  readdirSync(out, { recursive: true }).map((name) => name.toString().split(path.sep).join("/")),
);
const read = (name: string) => readFileSync(path.join(out, name), "utf8");
const fileOf = (address: string) => (address === "/" ? "index.html" : `${address.slice(1)}.html`);
const allPaths: Path[] = [...paths, ...mailPaths];
const pages = allPaths.flatMap((page) =>
  languages.map((language) => {
    const address = href(language, page);
    return { page, language, address, html: read(fileOf(address)) };
  }),
);
const notFound = { address: "/404", html: read("404.html") };

const first = (html: string, pattern: RegExp) => pattern.exec(html)?.[1];
const all = (html: string, pattern: RegExp) => [...html.matchAll(pattern)].map((match) => match[1] ?? "");
const decode = (text: string) =>
  text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#x27;", "'");
/** What a reader sees: no scripts, no styles, no markup. */
const visible = (html: string) =>
  html
    .replace(/<(script|style|noscript)[\s\S]*?<\/\1>/g, " ")
    .replace(/<[^>]+>/g, " ")
    .replace(/\s+/g, " ");
/** Whether a host that serves files and `<name>.html` has something at this address. */
const exists = (address: string) => {
  const name = address.slice(1);
  return (
    address === "/" ||
    files.has(`${name}.html`) ||
    (files.has(name) && statSync(path.join(out, name)).isFile())
  );
};

for (const { page, language, address, html } of pages) {
  test(`${address} names its language, title, description, canonical address and its other language`, () => {
    assert.equal(first(html, /<html lang="([^"]+)"/), language);
    const title = first(html, /<title>([^<]+)<\/title>/) ?? "";
    assert.ok(title.includes("Molt-OS") && title.length <= 70, title);
    const description = decode(first(html, /<meta name="description" content="([^"]+)"/) ?? "");
    assert.ok(description.length >= 40 && description.length <= 200, `${description.length}: ${description}`);
    const canonical = first(html, /<link rel="canonical" href="([^"]+)"/) ?? "";
    assert.equal(new URL(canonical).pathname, address);
    for (const other of languages) {
      const link = first(html, new RegExp(`<link rel="alternate" hrefLang="${other}" href="([^"]+)"`)) ?? "";
      assert.equal(new URL(link).pathname, href(other, page));
    }
    assert.match(html, /<meta name="viewport" content="[^"]*width=device-width/);
    const picture = first(html, /<meta property="og:image" content="([^"]+)"/) ?? "";
    assert.ok(exists(new URL(picture).pathname), picture);
  });

  test(`${address} has one h1 and no heading that skips a level`, () => {
    const levels = all(html, /<h([1-6])[\s>]/g).map(Number);
    assert.equal(levels.filter((level) => level === 1).length, 1);
    levels.forEach((level, index) => assert.ok(level <= (levels[index - 1] ?? 0) + 1, levels.join(" ")));
  });

  test(`${address} can be read without a script, and runs only scripts it lists`, () => {
    assert.ok(visible(html).length > 150);
    const policy = decode(first(html, /<meta http-equiv="Content-Security-Policy" content="([^"]+)"/) ?? "");
    const scripts = policy.split("; ").find((part) => part.startsWith("script-src")) ?? "";
    assert.doesNotMatch(scripts, /unsafe|\*|https:/);
    for (const [, attributes = "", code = ""] of html.matchAll(/<script([^>]*)>([\s\S]*?)<\/script>/g)) {
      if (code === "" || attributes.includes("application/ld+json")) continue;
      assert.ok(
        scripts.includes(createHash("sha256").update(code).digest("base64")),
        "an inline script is not listed",
      );
    }
    assert.equal(new RegExp(/\son(click|load|error)=/).test(html), false);
  });
}

test("no link leads nowhere, and no anchor is missing", () => {
  for (const { address, html } of [...pages, notFound]) {
    for (const link of all(html, /<a[^>]+href="([^"]+)"/g).map(decode)) {
      if (/^(https?:|mailto:)/.test(link)) continue;
      const url = new URL(link, `http://here.test${address === "/" ? "/" : address}`);
      assert.ok(exists(url.pathname), `${address} links to ${link}`);
      const target = pages.find((page) => page.address === url.pathname);
      if (url.hash && target)
        assert.ok(target.html.includes(`id="${url.hash.slice(1)}"`), `${address} -> ${link}`);
    }
    for (const asset of all(html, /(?:src|href)="(\/_next\/[^"]+)"/g)) {
      assert.ok(exists(decode(asset).split("?")[0] ?? ""), asset);
    }
  }
});

test("nothing is loaded from another host", () => {
  for (const { address, html } of pages) {
    const loads = [
      ...all(html, /<(?:script|img|iframe|source)[^>]+src="([^"]+)"/g),
      ...all(html, /<link rel="(?:stylesheet|preload)"[^>]*href="([^"]+)"/g),
    ];
    for (const load of loads) assert.ok(load.startsWith("/"), `${address} loads ${load}`);
  }
});

test("structured data parse, and say who, what, how much and which questions", () => {
  for (const { page, address, html } of pages) {
    const blocks = all(html, /<script type="application\/ld\+json">([\s\S]*?)<\/script>/g);
    if ((mailPaths as readonly string[]).includes(page)) continue;
    assert.equal(blocks.length, 1, address);
    const graph = (JSON.parse(blocks[0] ?? "") as { "@graph": { "@type": string }[] })["@graph"];
    const types = graph.map((node) => node["@type"]);
    assert.deepEqual(
      types,
      page === "/" ? ["Organization", "Product", "FAQPage"] : ["Organization", "BreadcrumbList"],
    );
    if (page !== "/") continue;
    const product = graph[1] as unknown as { offers: { price: string; priceCurrency: string } };
    assert.deepEqual([product.offers.price, product.offers.priceCurrency], ["50.00", "USD"]);
    const faq = graph[2] as unknown as { mainEntity: { name: string; acceptedAnswer: { text: string } }[] };
    const text = decode(visible(html));
    for (const { name, acceptedAnswer } of faq.mainEntity) {
      assert.ok(text.includes(name) && text.includes(acceptedAnswer.text), `${name} is not on the page`);
    }
  }
});

test("the sitemap lists each page once in both languages, and no page of a mail", () => {
  const sitemap = read("sitemap.xml");
  const listed = all(sitemap, /<loc>([^<]+)<\/loc>/g).map((url) => new URL(url).pathname);
  const wanted = paths.flatMap((page) => languages.map((language) => href(language, page)));
  assert.deepEqual(listed.toSorted(), wanted.toSorted());
  assert.match(read("robots.txt"), /Sitemap: https?:\/\/.+\/sitemap\.xml/);
  for (const { page, html } of pages) {
    const hidden = (mailPaths as readonly string[]).includes(page);
    assert.equal(/<meta name="robots" content="noindex/.test(html), hidden, page);
  }
});

test("both languages say everything, each in its own words", () => {
  for (const page of allPaths) {
    const [en = "", de = ""] = languages.map((language) => read(fileOf(href(language, page))));
    const shape = (html: string) =>
      all(html, /<(h[1-3]|section|button|form|details|table|li)[\s>]/g).join(" ");
    assert.equal(shape(de), shape(en), `${page} has other parts in German`);
    const heading = (html: string) => first(html, /<h1[^>]*>([\s\S]*?)<\/h1>/);
    assert.notEqual(heading(de), heading(en), page);
  }
});

test("the changelog's feeds hold every change", () => {
  for (const name of ["feed.xml", "de/feed.xml"]) {
    const feed = read(name);
    assert.match(feed, /^<\?xml version="1\.0" encoding="UTF-8"\?>\s*<rss version="2\.0"/);
    assert.deepEqual(
      all(feed, /<guid[^>]*>([^<]+)<\/guid>/g),
      changes.map(({ id }) => id),
    );
    for (const link of all(feed, /<link>([^<]+)<\/link>/g)) assert.ok(exists(new URL(link).pathname), link);
    assert.doesNotMatch(feed, /<description>[^<]*<(?!\/description)/);
  }
});

test("pictures for previews are drawn, at the size the pages promise", () => {
  for (const name of ["og-en.png", "og-de.png"]) {
    const png = readFileSync(path.join(out, name));
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [1200, 630]);
  }
  assert.match(read("mark.svg"), /^<svg xmlns/);
});

test("the home page asks for at most 170 kB of script, with all that it fetches later", () => {
  const scripts = new Set(
    all(read("index.html"), /<script[^>]+src="(\/_next\/[^"]+\.js)"(?![^>]*noModule)/g),
  );
  // A Set walks over what is added on the way: the chunks that chunks name.
  for (const name of scripts)
    for (const later of all(read(name), /"(static\/chunks\/[^"]+\.js)"/g)) scripts.add(`/_next/${later}`);
  const bytes = [...scripts].map((name) => gzipSync(readFileSync(path.join(out, name))).length);
  const total = bytes.reduce((sum, size) => sum + size, 0);
  assert.ok(total > 50_000 && total <= 170_000, `${total} bytes`);
});

test("every page asks for its two faces at once", () => {
  for (const { address, html } of [...pages, notFound]) {
    const fonts = all(html, /<link rel="preload" href="([^"]+\.woff2)" as="font"/g);
    assert.equal(fonts.length, 2, address);
    for (const font of fonts) assert.ok(exists(font), font);
  }
});

test("a wrong address gets a page that says so in both languages and is not indexed", () => {
  assert.match(notFound.html, /<meta name="robots" content="noindex"/);
  assert.match(notFound.html, /lang="en"[\s\S]*lang="de"/);
});

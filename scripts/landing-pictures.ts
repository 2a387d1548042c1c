/**
 * Takes the pictures of the public pages and of every mail in docs/pictures anew; with `--letters` of
 * the mails alone. Starts a copy of its own, or uses the one whose ready line stands in MOLT_E2E.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Browser, chromium as playwright, type Page } from "@playwright/test";
import { samples } from "../apps/api/src/mail/testing/samples.ts";
import { type TemplateName, templates } from "../apps/api/src/mail/templates.ts";
import { writeMail } from "../apps/api/src/mail/write-mail.ts";
import { href, type Language, mailPaths, paths } from "../apps/landing/words/paths.ts";
import { chromiumFlags, findChromium } from "./lib/chromium.ts";
import { type Ready, startCopy } from "./lib/running-copy.ts";
import { root } from "./lib/web-build.ts";

const folder = join(root, "docs/pictures");
const WIDTHS = [390, 768, 1440] as const;
/** Longer pictures show nothing that a reader of them would look at. */
const MAX_HEIGHT = 2_400;

type Scheme = "light" | "dark";

interface Shot {
  name: string;
  address: string;
  scheme: Scheme;
}

const named = (path: string) => (path === "/" ? "home" : path.slice(1).replaceAll("/", "-"));
const shots: Shot[] = [
  ...[...paths, ...mailPaths].map((path): Shot => ({ name: named(path), address: path, scheme: "light" })),
  { name: "not-found", address: "/no-such-page", scheme: "light" },
  { name: "home-de", address: href("de", "/"), scheme: "light" },
  { name: "home-dark", address: "/", scheme: "dark" },
];

interface LetterShot {
  name: string;
  template: TemplateName;
  language: Language;
  scheme: Scheme;
  /** Of the window; 600 where it is not said, as most mail programs show a letter. */
  width?: number;
  /** Instead of the sample. */
  data?: unknown;
}

/** Mails somebody waits for or keeps, as a phone and as a tablet shows them, in both languages. */
const closeUps = (["sign-in-code", "sign-in-link", "account-deleted"] as const).flatMap((name) =>
  (["en", "de"] as const).flatMap((language) =>
    [390, 768].flatMap((width) =>
      (["light", "dark"] as const).map((scheme): LetterShot => {
        const codeOnly = { ...samples["sign-in"], purpose: "reauthentication", link: null };
        return {
          name: `${name}-${language}-${width}${scheme === "dark" ? "-dark" : ""}`,
          template: name === "account-deleted" ? name : "sign-in",
          language,
          scheme,
          width,
          ...(name === "sign-in-code" ? { data: codeOnly } : {}),
        };
      }),
    ),
  ),
);

const letters: LetterShot[] = [
  ...(Object.keys(templates) as TemplateName[]).map((template): LetterShot => ({
    name: template,
    template,
    language: "en",
    scheme: "light",
  })),
  { name: "bot-ready-dark", template: "bot-ready", language: "en", scheme: "dark" },
  { name: "weekly-digest-dark", template: "weekly-digest", language: "en", scheme: "dark" },
  { name: "bot-ready-de", template: "bot-ready", language: "de", scheme: "light" },
  ...closeUps,
];

/** Below each other as a person sees them: at most this many CSS pixels, never taller than the page. */
async function take(page: Page, file: string): Promise<void> {
  await page.evaluate("document.fonts.ready.then(() => true)");
  const { width = 0 } = page.viewportSize() ?? {};
  // As tall as the picture: what is laid out only when it comes near is laid out.
  await page.setViewportSize({ width, height: MAX_HEIGHT });
  await page.waitForLoadState("networkidle");
  const height = Math.min(MAX_HEIGHT, await page.evaluate<number>("document.body.scrollHeight"));
  await page.screenshot({ path: join(folder, file), clip: { x: 0, y: 0, width, height } });
}

async function takePages(browser: Browser, { urls }: Ready): Promise<void> {
  for (const width of WIDTHS) {
    for (const { name, address, scheme } of shots) {
      const page = await browser.newPage({
        viewport: { width, height: 900 },
        colorScheme: scheme,
        reducedMotion: "reduce",
      });
      await page.goto(urls.landing + address, { waitUntil: "networkidle" });
      await take(page, `landing-page-${name}-${width}.png`);
      await page.close();
    }
  }
}

async function takeLetters(browser: Browser, { urls }: Ready): Promise<void> {
  // A key that opens nothing: the tokens in these letters are of no list.
  const config = { urls, masterKey: Buffer.alloc(32).toString("base64") };
  for (const { name, template, language, scheme, width = 600, data = samples[template] } of letters) {
    const page = await browser.newPage({ viewport: { width, height: 400 }, colorScheme: scheme });
    const row = { template, language, recipient: "ada@example.com", data };
    await page.setContent(writeMail(config, row).html, { waitUntil: "networkidle" });
    await page.screenshot({ path: join(folder, `letter-${name}.png`), fullPage: true });
    await page.close();
  }
}

await mkdir(folder, { recursive: true });
const running = process.env["MOLT_E2E"];
const copy = running ? undefined : await startCopy();
const ready = copy ?? (JSON.parse(running ?? "{}") as Ready); // the line of npm start -- --json
const found = await findChromium();
const browser = await playwright.launch({
  executablePath: found.path,
  args: chromiumFlags,
  env: { ...process.env, ...found.env },
});
try {
  if (!process.argv.includes("--letters")) await takePages(browser, ready);
  await takeLetters(browser, ready);
} finally {
  await browser.close();
  await copy?.stop();
}

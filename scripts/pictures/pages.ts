/** Every public page, whole, at three widths. */
import { join } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { href, mailPaths, paths } from "../../apps/landing/words/paths.ts";
import type { Ready } from "../lib/running-copy.ts";
import { folder } from "./folder.ts";

const WIDTHS = [390, 768, 1440] as const;
/** No page is as tall; a browser draws no picture taller than twice that. */
const MAX_HEIGHT = 10_000;

interface Shot {
  name: string;
  address: string;
  scheme: "light" | "dark";
}

const named = (path: string) => (path === "/" ? "home" : path.slice(1).replaceAll("/", "-"));
const shots: Shot[] = [
  ...[...paths, ...mailPaths].map((path): Shot => ({ name: named(path), address: path, scheme: "light" })),
  { name: "not-found", address: "/no-such-page", scheme: "light" },
  { name: "home-de", address: href("de", "/"), scheme: "light" },
  { name: "home-dark", address: "/", scheme: "dark" },
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

export async function takePages(browser: Browser, { urls }: Ready): Promise<void> {
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

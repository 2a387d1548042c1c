/**
 * `npm run pictures`: takes the pictures in docs/pictures anew, from a running copy and real bots. With
 * names behind it only those: `npm run pictures -- pages letters`.
 */
import { mkdir } from "node:fs/promises";
import { type Browser, chromium as playwright } from "@playwright/test";
import { chromiumFlags, findChromium } from "./lib/chromium.ts";
import { type Ready, startCopy } from "./lib/running-copy.ts";
import { folder } from "./pictures/folder.ts";
import { takeLetters } from "./pictures/letters.ts";
import { takePages } from "./pictures/pages.ts";
import { takeRooms } from "./pictures/rooms.ts";

const subjects: Record<string, (browser: Browser, ready: Ready) => Promise<void>> = {
  pages: takePages,
  letters: takeLetters,
  rooms: takeRooms,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(subjects, name));
if (unknown.length > 0) {
  console.error(`There are no pictures of ${unknown.join(", ")}: say ${Object.keys(subjects).join(", ")}.`);
  process.exit(1);
}
await mkdir(folder, { recursive: true });
const found = await findChromium();
const copy = await startCopy();
const browser = await playwright.launch({
  executablePath: found.path,
  args: chromiumFlags,
  env: { ...process.env, ...found.env },
});
try {
  for (const [name, take] of Object.entries(subjects)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    console.log(name);
    await take(browser, copy);
  }
} finally {
  await browser.close();
  await copy.stop();
}

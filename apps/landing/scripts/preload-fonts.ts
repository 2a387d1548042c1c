/**
 * Lets the 404 page ask for its faces at once, as every other page does. Next leaves these links out
 * there, and a face that is `optional` and not asked for early is never shown.
 */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

const LINK = /<link rel="preload"[^>]*as="font"[^>]*>/g;

/** Safe to run twice. @throws {Error} when the home page, where the links come from, has none. */
export async function preloadFonts(folder: string): Promise<void> {
  const links = (await readFile(path.join(folder, "index.html"), "utf8")).match(LINK);
  if (!links) throw new Error("index.html preloads no font");
  const file = path.join(folder, "404.html");
  const html = (await readFile(file, "utf8")).replace(LINK, "");
  await writeFile(file, html.replace("</title>", `</title>${links.join("")}`));
}

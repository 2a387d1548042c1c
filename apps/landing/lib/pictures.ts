/**
 * Icon and link previews, drawn while the pages are built. Letters are set as outlines of the
 * house's own face, so the pictures need neither a network nor an installed font.
 */
import path from "node:path";
import { dark, light, mark } from "@molt/brand";
import sharp from "sharp";
import type { Language } from "../words/paths.ts";
import { words } from "../words/words.ts";
import { openFont, setLine } from "./outlines.ts";

const claw = (fill: string) => `<path d="${mark.claw}" fill="${fill}"/>`;
const shell = (stroke: string) =>
  `<path d="${mark.shell}" fill="none" stroke="${stroke}" stroke-width="${mark.shellWidth}" stroke-linecap="round"/>`;

/** The icon of the tab, in the colour of the reader's theme. */
export function markSvg(): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${mark.viewBox}"><style>.f{fill:${light.shell}}.s{stroke:${light.shell}}@media(prefers-color-scheme:dark){.f{fill:${dark.shell}}.s{stroke:${dark.shell}}}</style><path class="f" d="${mark.claw}"/><path class="s" d="${mark.shell}" fill="none" stroke-width="${mark.shellWidth}" stroke-linecap="round"/></svg>`;
}

/** 180 px for home screens: these want a full square. */
export function touchIcon(): Promise<Uint8Array<ArrayBuffer>> {
  return png(
    `<svg xmlns="http://www.w3.org/2000/svg" width="180" height="180" viewBox="0 0 180 180"><rect width="180" height="180" fill="${light.bg}"/><g transform="translate(30 30) scale(2.5)">${claw(light.shell)}${shell(light.shell)}</g></svg>`,
  );
}

/** 1200 x 630: the promise on warm paper, the mark beside it. */
export function preview(language: Language): Promise<Uint8Array<ArrayBuffer>> {
  const font = openFont(path.join(process.cwd(), "../../packages/brand/fonts/bricolage-grotesque.woff2"));
  const { before, lives, between, remembers, and, works, after } = words[language].home.hero;
  const lines = wrap(
    [
      [before, light.text],
      [lives, light.kelp],
      [between, light.text],
      [remembers, light.thought],
      [and, light.text],
      [works, light.shell],
      [after, light.text],
    ],
    (text) => setLine(font, text, SIZE).width,
  );
  const top = 412 - ((lines.length - 1) * LEADING) / 2;
  const set = lines.flatMap((line, index) => {
    let x = 84;
    return line.map(([text, color]) => {
      const { path: d, width } = setLine(font, text, SIZE);
      const part = `<path transform="translate(${x} ${top + index * LEADING})" d="${d}" fill="${color}"/>`;
      x += width;
      return part;
    });
  });
  const name = setLine(font, "Molt-OS", 40);
  return png(
    `<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630" viewBox="0 0 1200 630"><rect width="1200" height="630" fill="${light.bg}"/><g transform="translate(770 90) scale(10.5)" opacity="0.16">${claw(light.shell)}${shell(light.shell)}</g><g transform="translate(84 62) scale(1.1)">${claw(light.shell)}${shell(light.shell)}</g><path transform="translate(146 104)" d="${name.path}" fill="${light.text}"/>${set.join("")}</svg>`,
  );
}

const SIZE = 74;
const LEADING = 82;
const WIDTH = 1000;
type Piece = readonly [text: string, color: string];

/** Breaks coloured text into lines at its spaces; a word may be made of pieces of several colours. */
function wrap(pieces: readonly Piece[], widthOf: (text: string) => number): Piece[][] {
  const lines: Piece[][] = [[]];
  let used = 0;
  let space = "";
  for (const [text, color] of pieces) {
    for (const part of text.match(/\s+|\S+/g) ?? []) {
      if (part.trim() === "") {
        space = " ";
        continue;
      }
      const breaks = space !== "" && used + widthOf(space + part) > WIDTH;
      if (breaks) lines.push([]);
      const set = breaks ? part : space + part;
      lines.at(-1)?.push([set, color]);
      used = (breaks ? 0 : used) + widthOf(set);
      space = "";
    }
  }
  return lines;
}

async function png(svg: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await sharp(Buffer.from(svg)).png({ compressionLevel: 9 }).toBuffer());
}

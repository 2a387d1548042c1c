/** Sets a line of text as outlines, with the font reader that Next itself uses to size its fallback fonts. */
import { readFileSync } from "node:fs";
import fontkit from "next/dist/compiled/@next/font/dist/fontkit/index.js";

/** What is used of it; Next ships no types for the reader. */
export interface Font {
  unitsPerEm: number;
  layout(text: string): {
    glyphs: {
      path: { scale(x: number, y: number): { translate(x: number, y: number): { toSVG(): string } } };
    }[];
    positions: { xAdvance: number; xOffset: number; yOffset: number }[];
  };
}

/** A variable font at its default place on every axis: the reader cannot move a woff2 along them. */
export function openFont(file: string): Font {
  return fontkit(readFileSync(file));
}

/** The baseline is y = 0, the text begins at x = 0. Tightened a little, as headlines are on the pages. */
export function setLine(font: Font, text: string, size: number): { path: string; width: number } {
  const { glyphs, positions } = font.layout(text);
  const scale = size / font.unitsPerEm;
  const tracking = -0.02 * size;
  let x = 0;
  const parts = glyphs.map((glyph, index) => {
    const position = positions[index];
    const part = glyph.path
      .scale(scale, -scale)
      .translate(x + (position?.xOffset ?? 0) * scale, 0)
      .toSVG();
    x += (position?.xAdvance ?? 0) * scale + tracking;
    return part;
  });
  return { path: parts.join(""), width: x };
}

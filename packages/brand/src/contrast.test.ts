import assert from "node:assert/strict";
import { test } from "node:test";
import { dark, light, type Palette } from "./index.ts";

/** WCAG 2.2 relative luminance of a #rrggbb colour. */
function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((i) => {
    const c = Number.parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(a: string, b: string): number {
  const [hi, lo] = [luminance(a), luminance(b)].toSorted((x, y) => y - x) as [number, number];
  return (hi + 0.05) / (lo + 0.05);
}

const readable: readonly (readonly [keyof Palette, keyof Palette])[] = [
  ["text", "bg"],
  ["text", "surface"],
  ["text", "sunken"],
  ["text", "shellSoft"],
  ["muted", "bg"],
  ["muted", "surface"],
  ["muted", "sunken"],
  ["onShell", "shell"],
  ["shell", "bg"],
  ["shell", "surface"],
  ["kelp", "bg"],
  ["kelp", "surface"],
  ["kelp", "kelpSoft"],
  ["amber", "bg"],
  ["amber", "surface"],
  ["amber", "amberSoft"],
  ["thought", "bg"],
  ["thought", "surface"],
  ["thought", "thoughtSoft"],
  ["danger", "bg"],
  ["danger", "surface"],
  ["danger", "dangerSoft"],
];

for (const [name, palette] of Object.entries({ light, dark })) {
  for (const [fg, bg] of readable) {
    test(`${name}: ${fg} can be read on ${bg}`, () => {
      const ratio = contrast(palette[fg], palette[bg]);
      assert.ok(ratio >= 4.5, `${ratio.toFixed(2)}:1`);
    });
  }
  for (const bg of ["bg", "surface"] as const) {
    test(`${name}: the edge of a control can be seen on ${bg}`, () => {
      assert.ok(contrast(palette.edge, palette[bg]) >= 3);
    });
  }
}

/** The brand's two palettes as CSS variables: light by default, dark where the system asks for it. */
import { dark, light, type Palette } from "@molt/brand";

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
const variables = (palette: Palette) =>
  Object.entries(palette)
    .map(([name, value]) => `--${kebab(name)}:${value}`)
    .join(";");

export const themeCss = `:root{color-scheme:light dark;${variables(light)}}@media (prefers-color-scheme:dark){:root{${variables(dark)}}}`;
export const themeColors = { light: light.bg, dark: dark.bg };

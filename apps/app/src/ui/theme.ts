/** Colours, as the web sees them: names of custom properties. theme.native.ts answers with values. */
import { light, type Palette } from "@molt/brand";
import { create } from "zustand";
import { readSetting, writeSetting } from "../session/settings-store.ts";

export type Appearance = "system" | "light" | "dark";
const key = "molt.appearance";

const names = Object.fromEntries(Object.keys(light).map((name) => [name, `var(--${name})`]));
/** Every key of the palette is present: the record is built from the palette's own keys. */
const palette = names as unknown as Palette;

export function useColors(): Palette {
  return palette;
}

interface AppearanceStore {
  appearance: Appearance;
  setAppearance(next: Appearance): void;
}

export const useAppearance = create<AppearanceStore>((set) => ({
  appearance: parse(readSetting(key)),
  setAppearance(next) {
    writeSetting(key, next);
    show(next);
    set({ appearance: next });
  },
}));

export function parse(value: string | null): Appearance {
  return value === "light" || value === "dark" ? value : "system";
}

/** public/before.js does the same before the first paint. */
function show(next: Appearance): void {
  if (next === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
}

/** Colours on a phone: the palette's own values, picked by the system or by the user's choice. */
import { dark, light, type Palette } from "@molt/brand";
import { useColorScheme } from "react-native";
import { create } from "zustand";
import { readSetting, writeSetting } from "../session/settings-store.ts";

export type Appearance = "system" | "light" | "dark";
const key = "molt.appearance";

export function parse(value: string | null): Appearance {
  return value === "light" || value === "dark" ? value : "system";
}

interface AppearanceStore {
  appearance: Appearance;
  setAppearance(next: Appearance): void;
}

export const useAppearance = create<AppearanceStore>((set) => ({
  appearance: parse(readSetting(key)),
  setAppearance(next) {
    writeSetting(key, next);
    set({ appearance: next });
  },
}));

export function useColors(): Palette {
  const system = useColorScheme();
  const chosen = useAppearance((s) => s.appearance);
  const name = chosen === "system" ? system : chosen;
  return name === "dark" ? dark : light;
}

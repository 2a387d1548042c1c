/** Where auth-js keeps the session: the browser's own storage. auth-storage.native.ts is the phone's. */
import type { SupportedStorage } from "@supabase/auth-js";
import { readSetting, writeSetting } from "./settings-store.ts";

export const authStorage: SupportedStorage = {
  getItem: (key) => readSetting(key),
  setItem: (key, value) => writeSetting(key, value),
  removeItem: (key) => writeSetting(key, null),
};

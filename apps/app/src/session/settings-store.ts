/** Small settings of this device, read at once. A browser may refuse storage: then they last as long as the page. */
const memory = new Map<string, string>();

export function readSetting(key: string): string | null {
  try {
    return globalThis.localStorage?.getItem(key) ?? memory.get(key) ?? null;
  } catch {
    return memory.get(key) ?? null;
  }
}

export function writeSetting(key: string, value: string | null): void {
  if (value === null) memory.delete(key);
  else memory.set(key, value);
  try {
    if (value === null) globalThis.localStorage?.removeItem(key);
    else globalThis.localStorage?.setItem(key, value);
  } catch {
    // Full or forbidden: the value lives in memory, and what must not be lost lives on the server.
  }
}

/** Phones read their storage once at start; a browser has nothing to wait for. */
export async function hydrateSettings(): Promise<void> {}

/** Everything the app wrote on this device, gone. For signing out. */
export function clearSettings(prefix: string): void {
  for (const key of memory.keys()) if (key.startsWith(prefix)) memory.delete(key);
  try {
    const keys = Array.from({ length: globalThis.localStorage?.length ?? 0 }, (_, i) => localStorage.key(i));
    for (const key of keys) if (key?.startsWith(prefix)) localStorage.removeItem(key);
  } catch {
    // Nothing can be stored here, so nothing was.
  }
}

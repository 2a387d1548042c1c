/** Small settings of this phone: AsyncStorage behind a copy in memory, read once at start. */
import AsyncStorage from "@react-native-async-storage/async-storage";

const memory = new Map<string, string>();

export async function hydrateSettings(): Promise<void> {
  const keys = (await AsyncStorage.getAllKeys()).filter((key) => key.startsWith("molt."));
  for (const [key, value] of await AsyncStorage.multiGet(keys)) if (value !== null) memory.set(key, value);
}

export function readSetting(key: string): string | null {
  return memory.get(key) ?? null;
}

export function writeSetting(key: string, value: string | null): void {
  if (value === null) {
    memory.delete(key);
    void AsyncStorage.removeItem(key);
  } else {
    memory.set(key, value);
    void AsyncStorage.setItem(key, value);
  }
}

export function clearSettings(prefix: string): void {
  const keys = [...memory.keys()].filter((key) => key.startsWith(prefix));
  for (const key of keys) memory.delete(key);
  void AsyncStorage.multiRemove(keys);
}

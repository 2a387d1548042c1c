/**
 * Where auth-js keeps the session on a phone. The key chain holds items of about 2 KB and a session
 * is larger: the refresh token, the part that opens the account for good, lies in the key chain; the
 * rest, which ends within the hour, in AsyncStorage. One without the other is no session.
 */
import AsyncStorage from "@react-native-async-storage/async-storage";
import type { SupportedStorage } from "@supabase/auth-js";
import * as SecureStore from "expo-secure-store";
import { joinSession, splitSession } from "./split-session.ts";

const chainKey = (key: string) => key.replace(/[^A-Za-z0-9._-]/g, "_");

export const authStorage: SupportedStorage = {
  async getItem(key) {
    const [open, secret] = await Promise.all([
      AsyncStorage.getItem(key),
      SecureStore.getItemAsync(chainKey(key)),
    ]);
    return joinSession(open, secret);
  },
  async setItem(key, value) {
    const { open, secret } = splitSession(value);
    await SecureStore.setItemAsync(chainKey(key), secret);
    await AsyncStorage.setItem(key, open);
  },
  async removeItem(key) {
    await SecureStore.deleteItemAsync(chainKey(key));
    await AsyncStorage.removeItem(key);
  },
};

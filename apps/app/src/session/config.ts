/**
 * Where the api is. The only file of the app that reads build-time variables.
 *
 * The web build asks `/config.json` of its own origin at start, so one export serves every port and
 * every host; phones and hosts without that file have EXPO_PUBLIC_API_URL built in.
 */
export interface AppConfig {
  /** Without a slash at the end. */
  readonly apiUrl: string;
  /** Supabase's publishable key, where the auth address wants one. Empty where the api adds it. */
  readonly publishableKey: string;
}

/** Set for a build that shows every component at /catalogue. Development builds always do. */
export const showCatalogue = __DEV__ || process.env.EXPO_PUBLIC_CATALOGUE === "1";

const builtIn = {
  apiUrl: process.env.EXPO_PUBLIC_API_URL,
  publishableKey: process.env.EXPO_PUBLIC_AUTH_KEY,
};

/** @throws {Error} with a sentence for the page when no usable address is found. */
export async function loadConfig(fromOrigin: boolean, signal: AbortSignal): Promise<AppConfig> {
  if (!fromOrigin) return parseConfig(builtIn);
  const response = await fetch("/config.json", { signal, credentials: "omit" });
  if (response.status === 404 && builtIn.apiUrl) return parseConfig(builtIn);
  if (!response.ok) throw new Error(`This page could not read its settings (${response.status}).`);
  return parseConfig(await response.json());
}

/** Accepts http and https only: the address opens a socket as well. */
export function parseConfig(value: unknown): AppConfig {
  const { apiUrl, publishableKey } = (value ?? {}) as { apiUrl?: unknown; publishableKey?: unknown };
  if (typeof apiUrl !== "string" || !/^https?:\/\/[^\s]+$/.test(apiUrl)) {
    throw new Error("This page does not know its server: config.json needs an apiUrl.");
  }
  return {
    apiUrl: apiUrl.replace(/\/+$/, ""),
    publishableKey: typeof publishableKey === "string" ? publishableKey : "",
  };
}

/**
 * Where api and app are, asked once a visit: /config.json of this host, else what the build was
 * told, which stands on the <html> element.
 */

export interface RuntimeConfig {
  /** "" means a preview without a server. */
  apiUrl: string;
  appUrl: string;
}

let asked: Promise<RuntimeConfig> | undefined;

export function runtimeConfig(): Promise<RuntimeConfig> {
  asked ??= ask();
  return asked;
}

async function ask(): Promise<RuntimeConfig> {
  const { apiUrl = "", appUrl = "" } = document.documentElement.dataset;
  const built = { apiUrl, appUrl };
  try {
    const response = await fetch("/config.json", { signal: AbortSignal.timeout(5_000) });
    if (!response.ok) return built;
    const given: unknown = await response.json();
    return {
      apiUrl: address(given, "apiUrl") ?? built.apiUrl,
      appUrl: address(given, "appUrl") ?? built.appUrl,
    };
  } catch {
    // A host without the file, or no network: the built-in addresses are what is left, and every
    // use of them reports its own failure to the reader.
    return built;
  }
}

/** Only http(s) addresses: a `javascript:` in the file must never reach a link. */
function address(given: unknown, name: "apiUrl" | "appUrl"): string | undefined {
  const value =
    typeof given === "object" && given !== null ? (given as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" && /^https?:\/\//.test(value) ? value.replace(/\/+$/, "") : undefined;
}

/**
 * Where api and app are, asked once a visit: /config.json of this host, else what the build was
 * told, which stands on the <html> element.
 */

export interface RuntimeConfig {
  /** "" means a preview without a server, or that nobody could be asked (`known`). */
  apiUrl: string;
  appUrl: string;
  /** False when the host did not answer: then an empty address says nothing. */
  known: boolean;
}

let asked: Promise<RuntimeConfig> | undefined;

/** Remembers an answer; after a failure the next caller asks again. */
export async function runtimeConfig(): Promise<RuntimeConfig> {
  asked ??= ask();
  const config = await asked;
  if (!config.known) asked = undefined;
  return config;
}

async function ask(): Promise<RuntimeConfig> {
  const { apiUrl = "", appUrl = "" } = document.documentElement.dataset;
  const built = { apiUrl, appUrl };
  try {
    const response = await fetch("/config.json", { signal: AbortSignal.timeout(5_000) });
    // A host that has no such file has nothing to add to the build.
    if (response.status === 404) return { ...built, known: true };
    if (!response.ok) return { ...built, known: false };
    const given: unknown = await response.json();
    return {
      apiUrl: address(given, "apiUrl") ?? built.apiUrl,
      appUrl: address(given, "appUrl") ?? built.appUrl,
      known: true,
    };
  } catch {
    // No network, or no JSON: the built-in addresses are what is left, and every use of them
    // reports its own failure to the reader.
    return { ...built, known: false };
  }
}

/** Only http(s) addresses: a `javascript:` in the file must never reach a link. */
function address(given: unknown, name: "apiUrl" | "appUrl"): string | undefined {
  const value =
    typeof given === "object" && given !== null ? (given as Record<string, unknown>)[name] : undefined;
  return typeof value === "string" && /^https?:\/\//.test(value) ? value.replace(/\/+$/, "") : undefined;
}

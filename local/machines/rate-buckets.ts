/** Fly's published limits: one request a second per action and machine (burst 3), reads five (burst 10). */
interface Bucket {
  tokens: number;
  at: number;
}

const buckets = new Map<string, Bucket>();

export function takeToken(method: string, url: string): boolean {
  const reads = method === "GET";
  const perSecond = reads ? 5 : 1;
  const burst = reads ? 10 : 3;
  const key = `${method} ${url.split("?")[0] ?? ""}`;
  const now = performance.now();
  const bucket = buckets.get(key) ?? { tokens: burst, at: now };
  bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * perSecond);
  bucket.at = now;
  if (buckets.size > 10_000) buckets.clear();
  buckets.set(key, bucket);
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

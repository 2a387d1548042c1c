/**
 * `npm run bench -- proxy`: what the model proxy adds, beside a direct connection, a plain node:http
 * pipe and @portkey-ai/gateway in the same run. Every part is a process of its own; the ledger is a
 * durable Postgres. Every answer is compared with the source, byte for byte. Figures are CPU of the
 * process that stands between, read from the scheduler; take the ratios, not the digits (reference:
 * performance, section 5). Linux only: the figures come from /proc.
 */
import { SMALL_NURSERY } from "../scripts/lib/environment.ts";
import { openBenchDatabase } from "./proxy/database.ts";
import { type ManyFigures, measureMany, measureQuick, type Way } from "./proxy/measure.ts";
import { canPin, type Part, startPart, stopPart } from "./proxy/part.ts";
import { NAMES, type ProxyFigures } from "./proxy/print.ts";
import { installPortkey, portkeyHeaders, startPortkey } from "./proxy/portkey.ts";

const API_KEY = "sk-bench-provider-key";
/** What is measured runs here, origin and clients elsewhere. */
const CORE = 0;

interface Peer {
  name: string;
  headers: Record<string, string>;
  /** Also with a hundred and five hundred streams. */
  isMany: boolean;
  start: ((core?: number) => Promise<Part>) | undefined;
}

export async function benchProxy(say: (line: string) => void): Promise<ProxyFigures[]> {
  const missing = await installPortkey(say);
  if (missing !== undefined)
    say(`going on without @portkey-ai/gateway, which cannot be installed: ${missing}`);
  if (!canPin) say("there is one core or no taskset: nothing is pinned to a core");
  const database = await openBenchDatabase();
  const parts: Part[] = [];
  const started = async (part: Promise<Part>) => {
    parts.push(await part);
    return part;
  };
  try {
    const origin = await started(startPart("bench/proxy/origin.ts", { env: { API_KEY } }));
    const peers = peersFor(origin.url, database).filter(
      ({ name }) => name !== NAMES.portkey || missing === undefined,
    );
    const ways: Way[] = [];
    for (const { name, headers, start } of peers) {
      const part = start ? await started(start()) : undefined;
      ways.push({ name, endpoint: { url: (part ?? origin).url, headers }, part });
    }
    say(`one call at a time, then sixteen: ${ways.length} ways in turn, five rounds`);
    const quick = await measureQuick(ways);
    for (const { part } of ways) if (part) await stopPart(part);
    const figures: ProxyFigures[] = [];
    for (const peer of peers) {
      const many = peer.isMany ? await measureAlone(peer, origin, say) : [];
      const [hundred, fiveHundred] = many;
      const found = quick.get(peer.name);
      if (found) figures.push({ name: peer.name, quick: found, hundred, fiveHundred });
    }
    return figures;
  } finally {
    for (const part of parts) await stopPart(part);
    await database.stop();
  }
}

/** In a fresh process on a core of its own: what many slow streams cost, and what they hold in memory. */
async function measureAlone(
  { name, headers, start }: Peer,
  origin: Part,
  say: (line: string) => void,
): Promise<ManyFigures[]> {
  say(`${name}: 100 and 500 streams at 50 tokens a second`);
  const part = start ? await start(CORE) : undefined;
  try {
    const way = { name, endpoint: { url: (part ?? origin).url, headers }, part };
    return [await measureMany(way, 100), await measureMany(way, 500)];
  } finally {
    if (part) await stopPart(part);
  }
}

function peersFor(originUrl: string, { url, key }: { url: string; key: string }): Peer[] {
  const proxyEnv = { DATABASE_URL: url, ANTHROPIC_API_KEY: API_KEY, ANTHROPIC_BASE_URL: originUrl };
  const molt = (env: Record<string, string>) => (core?: number) =>
    startPart("apps/api/src/models/testing/proxy-process.ts", {
      env: { ...proxyEnv, ...env },
      flags: [SMALL_NURSERY],
      ...at(core),
    });
  const pipe = (core?: number) =>
    startPart("bench/proxy/plain-pipe.ts", { env: { UPSTREAM: originUrl, API_KEY }, ...at(core) });
  const own = { "x-api-key": key };
  return [
    { name: NAMES.direct, headers: { "x-api-key": API_KEY }, isMany: true, start: undefined },
    { name: NAMES.pipe, headers: { "x-api-key": "bench-key" }, isMany: true, start: pipe },
    { name: NAMES.portkey, headers: portkeyHeaders(originUrl, API_KEY), isMany: true, start: startPortkey },
    { name: NAMES.bare, headers: own, isMany: false, start: molt({ LEDGER: "none" }) },
    { name: NAMES.molt, headers: own, isMany: true, start: molt({}) },
  ];
}

function at(core: number | undefined): { core?: number } {
  return core === undefined ? {} : { core };
}

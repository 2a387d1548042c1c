/** The measurements: each takes every way in turn, so that what else runs here hits all of them alike. */
import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { call, type Endpoint, inParallel, quantile } from "./load.ts";
import { cpuNs, type Part, pssMegabytes } from "./part.ts";
import { EVENTS } from "./source.ts";

/** One way from client to origin. */
export interface Way {
  name: string;
  endpoint: Endpoint;
  /** The process between; undefined where there is none. */
  part: Part | undefined;
}

export interface QuickFigures {
  /** Medians, one call at a time. */
  firstByteMs: number;
  firstByteP99Ms: number;
  jsonMs: number;
  /** Microseconds of CPU of the process between, sixteen calls at a time. Least of the rounds. */
  cpuPerStreamUs: number;
  /** Sixty-four at a time: a process that waits for a ledger is as busy then as one that waits for nothing. */
  cpuPerStreamBusyUs: number;
  cpuPerJsonUs: number;
}

export interface ManyFigures {
  streams: number;
  cpuPerEventUs: number;
  /** How much later than its turn an event arrived. */
  lateP50Ms: number;
  lateP99Ms: number;
  megabytes: number;
}

const ROUNDS = 5;
const LANES = 16;
const BUSY_LANES = 64;

/** First byte, JSON and CPU figures of all ways, in rounds. */
export async function measureQuick(ways: readonly Way[]): Promise<Map<string, QuickFigures>> {
  const samples = new Map<string, Record<"first" | "json" | "stream" | "busy" | "small", number[]>>();
  const agent = new Agent({ keepAlive: true, maxSockets: BUSY_LANES });
  for (const { name, endpoint } of ways) {
    samples.set(name, { first: [], json: [], stream: [], busy: [], small: [] });
    for (const stream of [true, false]) await inParallel(400, LANES, () => call(endpoint, { agent, stream }));
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, endpoint, part } of ways) {
      const into = samples.get(name);
      if (!into) continue;
      for (let at = 0; at < 50; at += 1) {
        into.first.push((await call(endpoint, { agent, stream: true, rhythm: "gap" })).firstByteMs);
        into.json.push((await call(endpoint, { agent, stream: false })).totalMs);
      }
      if (!part) continue;
      const stream = () => call(endpoint, { agent, stream: true });
      into.stream.push(await cpuPer(part, { count: 300, lanes: LANES, work: stream }));
      into.busy.push(await cpuPer(part, { count: 300, lanes: BUSY_LANES, work: stream }));
      const small = () => call(endpoint, { agent, stream: false });
      into.small.push(await cpuPer(part, { count: 500, lanes: LANES, work: small }));
    }
  }
  agent.destroy();
  return new Map(
    [...samples].map(([name, { first, json, stream, busy, small }]) => [
      name,
      {
        firstByteMs: quantile(first, 0.5),
        firstByteP99Ms: quantile(first, 0.99),
        jsonMs: quantile(json, 0.5),
        cpuPerStreamUs: Math.min(...stream),
        cpuPerStreamBusyUs: Math.min(...busy),
        cpuPerJsonUs: Math.min(...small),
      },
    ]),
  );
}

interface Load {
  count: number;
  lanes: number;
  work: () => Promise<unknown>;
}

async function cpuPer(part: Part, { count, lanes, work }: Load): Promise<number> {
  const before = await cpuNs(part);
  await inParallel(count, lanes, work);
  return Number((await cpuNs(part)) - before) / 1000 / count;
}

/** `streams` open at once, each with an event every 20 ms: 50 tokens a second. */
export async function measureMany({ endpoint, part }: Way, streams: number): Promise<ManyFigures> {
  const agent = new Agent({ keepAlive: true, maxSockets: streams });
  const before = part ? await cpuNs(part) : 0n;
  const open: Promise<Awaited<ReturnType<typeof call>>>[] = [];
  for (let at = 0; at < streams; at += 1) {
    open.push(call(endpoint, { agent, stream: true, rhythm: "paced" }));
    await delay(2); // all at once would time the opening, not the streams
  }
  const all = Promise.all(open);
  await Promise.race([all, delay(1_500)]); // in the middle of the four seconds that they last
  const megabytes = part ? await pssMegabytes(part) : Number.NaN;
  const timings = await all;
  const cpu = part ? Number((await cpuNs(part)) - before) / 1000 : Number.NaN;
  agent.destroy();
  const late = timings.flatMap(({ eventsAt }) => lateness(eventsAt));
  return {
    streams,
    cpuPerEventUs: cpu / (streams * EVENTS.length),
    lateP50Ms: quantile(late, 0.5),
    lateP99Ms: quantile(late, 0.99),
    megabytes,
  };
}

/** Against the stream's own best moment: an event's turn comes 20 ms after the one before. */
function lateness(eventsAt: readonly number[]): number[] {
  const offsets = eventsAt.map((ms, at) => ms - at * 20);
  const best = Math.min(...offsets);
  return offsets.map((offset) => offset - best);
}

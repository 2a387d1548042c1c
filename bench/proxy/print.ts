/** The figures of one run beside each other, with the aim of each. */
import type { ManyFigures, QuickFigures } from "./measure.ts";

export interface ProxyFigures {
  name: string;
  quick: QuickFigures;
  hundred: ManyFigures | undefined;
  fiveHundred: ManyFigures | undefined;
}

/** The ways from client to origin. */
export const NAMES = {
  direct: "direct",
  pipe: "plain node:http pipe",
  portkey: "@portkey-ai/gateway",
  bare: "Molt-OS without ledger",
  molt: "Molt-OS",
} as const;

interface Row {
  label: string;
  aim: string;
  digits: number;
  /** Against the direct connection: what is added. */
  isAdded?: boolean;
  of(figures: ProxyFigures): number | undefined;
}

const ROWS: readonly Row[] = [
  {
    label: "first byte, added, p50 ms",
    aim: "<= 1.5 (0.5 without ledger)",
    digits: 2,
    isAdded: true,
    of: ({ quick }) => quick.firstByteMs,
  },
  {
    label: "first byte, added, p99 ms",
    aim: "<= 5",
    digits: 2,
    isAdded: true,
    of: ({ quick }) => quick.firstByteP99Ms,
  },
  { label: "JSON call, added, p50 ms", aim: "-", digits: 2, isAdded: true, of: ({ quick }) => quick.jsonMs },
  {
    label: "CPU a 203-event stream, µs",
    aim: "<= 400, stretch 250",
    digits: 0,
    of: ({ quick }) => quick.cpuPerStreamUs,
  },
  {
    label: "the same, 64 at a time, µs",
    aim: "<= 400, stretch 250",
    digits: 0,
    of: ({ quick }) => quick.cpuPerStreamBusyUs,
  },
  { label: "CPU a JSON call, µs", aim: "stretch 110", digits: 0, of: ({ quick }) => quick.cpuPerJsonUs },
  {
    label: "CPU an event, 100 x 50/s, µs",
    aim: "stretch 30",
    digits: 1,
    of: ({ hundred }) => hundred?.cpuPerEventUs,
  },
  {
    label: "CPU an event, 500 x 50/s, µs",
    aim: "< 40: one core",
    digits: 1,
    of: ({ fiveHundred }) => fiveHundred?.cpuPerEventUs,
  },
  { label: "500 streams, late p50 ms", aim: "-", digits: 1, of: ({ fiveHundred }) => fiveHundred?.lateP50Ms },
  { label: "500 streams, late p99 ms", aim: "-", digits: 1, of: ({ fiveHundred }) => fiveHundred?.lateP99Ms },
  {
    label: "500 streams, memory MB (PSS)",
    aim: "<= 120, stretch 60",
    digits: 0,
    of: ({ fiveHundred }) => fiveHundred?.megabytes,
  },
];

/** One line a figure, one column a way, then what Molt-OS needs as a share of the peers. */
export function printProxy(figures: readonly ProxyFigures[]): void {
  const by = (name: string) => figures.find((entry) => entry.name === name);
  const direct = by(NAMES.direct);
  const width = (name: string) => Math.max(8, name.length + 2);
  const head = figures.map(({ name }) => name.padStart(width(name))).join("");
  console.log(`${"".padEnd(30)}${head}   of the pipe   of Portkey   aim`);
  for (const row of ROWS) {
    const value = (entry: ProxyFigures | undefined) => {
      const own = entry && row.of(entry);
      return own === undefined ? Number.NaN : own - (row.isAdded && direct ? (row.of(direct) ?? 0) : 0);
    };
    const cells = figures.map((entry) => show(value(entry), row.digits).padStart(width(entry.name))).join("");
    const molt = value(by(NAMES.molt));
    const ratio = (name: string) => show(molt / value(by(name)), 2);
    console.log(
      `${row.label.padEnd(30)}${cells}${ratio(NAMES.pipe).padStart(14)}${ratio(NAMES.portkey).padStart(13)}   ${row.aim}`,
    );
  }
  console.log("Every answer had the bytes of the source (SHA-256).");
}

function show(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : "-";
}

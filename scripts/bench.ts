/**
 * `npm run bench -- <name>`: measures on a copy of its own, started for the purpose, and prints
 * figures with the limit or the peer beside them. Never part of `npm test`.
 */
import { firstReply } from "../bench/first-reply.ts";
import { benchIngest } from "../bench/ingest.ts";
import { benchLighthouse } from "../bench/lighthouse.ts";
import { benchProxy } from "../bench/proxy.ts";
import { printProxy } from "../bench/proxy/print.ts";
import { benchStorm } from "../bench/storm.ts";
import { startCopy } from "./lib/running-copy.ts";

const benches: Record<string, () => Promise<void>> = {
  async proxy() {
    printProxy(await benchProxy((line) => console.log(`  ${line}`)));
  },
  async ingest() {
    await benchIngest((line) => console.log(`  ${line}`));
  },
  storm: benchStorm,
  async lighthouse() {
    console.log("  starting a fresh copy …");
    const copy = await startCopy();
    try {
      if (!(await benchLighthouse(copy, (line) => console.log(`  ${line}`)))) process.exitCode = 1;
    } finally {
      await copy.stop();
    }
  },
  async "first-reply"() {
    console.log("  starting a fresh copy …");
    const copy = await startCopy();
    try {
      console.log(`  ready after ${(copy.startMs / 1000).toFixed(1)} s (first start with this data)`);
      for (const { name, ms } of await firstReply(copy))
        console.log(`  ${(ms / 1000).toFixed(2).padStart(7)} s  ${name}`);
      await copy.stop({ keepData: true });
      const again = await startCopy({ dataDir: copy.dataDir });
      console.log(
        `  second start with the same data: ready after ${(again.startMs / 1000).toFixed(1)} s (aim: under 20 s)`,
      );
      await again.stop();
    } finally {
      await copy.stop();
    }
  },
};

const [name = ""] = process.argv.slice(2);
const bench = benches[name];
if (!bench) {
  console.error(`Say which: ${Object.keys(benches).join(", ")}.`);
  process.exitCode = 1;
} else {
  await bench();
}

/** One line a step on standard error, with its time; on a terminal the running one counts seconds. */

export interface Progress {
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** A remark between the steps. */
  say(line: string): void;
  /** Ends the running lines, before an error is printed. */
  fail(): void;
}

export function createProgress(): Progress {
  const live = process.stderr.isTTY;
  const running = new Map<string, number>();
  let ticking: NodeJS.Timeout | undefined;
  const clear = () => live && process.stderr.write("\r\x1b[2K");
  const print = (line: string) => {
    clear();
    process.stderr.write(`${line}\n`);
  };
  const show = () => {
    if (!live || running.size === 0) return;
    const parts = [...running].map(
      ([name, began]) => `${name} ${Math.round((performance.now() - began) / 1000)} s`,
    );
    process.stderr.write(`\r\x1b[2K  … ${parts.join(" · ")}`);
  };
  return {
    async step(name, work) {
      const began = performance.now();
      running.set(name, began);
      ticking ??= setInterval(show, 500);
      show();
      const done = await work();
      running.delete(name);
      if (running.size === 0) {
        clearInterval(ticking);
        ticking = undefined;
      }
      print(`  ✓ ${name} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
      return done;
    },
    say: (line) => print(`    ${line}`),
    fail() {
      clearInterval(ticking);
      clear();
    },
  };
}

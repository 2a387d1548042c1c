/** Four steps, and one shell that opens a little more at each of them. */
import { mark } from "@molt/brand";
import type { HomeWords } from "../words/en/home.ts";
import { HalfShell } from "./old-shell.tsx";

export function How({ words }: { words: HomeWords["how"] }) {
  return (
    <section id="how" className="later mx-auto max-w-6xl px-5 pt-28">
      <h2 className="max-w-2xl text-4xl sm:text-5xl">{words.title}</h2>
      <ol className="mt-12 grid gap-x-8 gap-y-12 sm:grid-cols-2 lg:grid-cols-4">
        {words.steps.map((step, index) => (
          <li key={step.title}>
            <Stage open={index} />
            <h3 className="mt-5 text-2xl">{step.title}</h3>
            <p className="mt-2 text-muted">{step.text}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

/** How far the halves have moved apart, how far the claw has risen, and how large it has grown. */
const stages = [
  { apart: 0, turn: 0, rise: 0, grown: 0 },
  { apart: 1.4, turn: 3, rise: 0, grown: 0 },
  { apart: 6.5, turn: 11, rise: 3, grown: 0.9 },
  { apart: 9.5, turn: 17, rise: 6, grown: 1.06 },
] as const;

function Stage({ open }: { open: number }) {
  const { apart, turn, rise, grown } = stages[open] ?? stages[0];
  const half = (side: "left" | "right", sign: number) => (
    <g transform={`translate(${sign * apart} ${apart * 0.25}) rotate(${sign * turn} 26 46)`}>
      <HalfShell side={side} ink={1.3} />
    </g>
  );
  return (
    <svg viewBox="-4 -9 68 58" className="-ml-3 h-36 overflow-visible" aria-hidden="true">
      {half("left", -1)}
      {half("right", 1)}
      {grown > 0 ? (
        <path
          d={mark.claw}
          fill="var(--shell)"
          transform={`translate(${28 - 28 * grown} ${44 - 44 * grown - rise}) scale(${grown})`}
        />
      ) : null}
      {open === 3
        ? [
            [46, 0, 1.8],
            [53, 6, 1.4],
            [52, -4, 1.2],
          ].map(([x, y, r]) => <circle key={x} cx={x} cy={y} r={r} fill="var(--thought)" />)
        : null}
    </svg>
  );
}

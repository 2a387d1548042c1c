/** The first screen: the promise, and a claw that leaves its old shell while thoughts light up above it. */
import { mark } from "@molt/brand";
import type { CSSProperties } from "react";
import { href, type Language } from "../words/paths.ts";
import { words } from "../words/words.ts";
import { AppLink } from "./app-link.tsx";
import { HalfShell, ShellCuts } from "./old-shell.tsx";

export function Hero({ language }: { language: Language }) {
  const { hero } = words[language].home;
  return (
    <section className="relative overflow-clip">
      <div className="mx-auto grid max-w-6xl items-center gap-x-8 px-5 pt-10 pb-16 lg:grid-cols-[1.12fr_1fr] lg:pt-14 lg:pb-20">
        <div className="relative z-10">
          <h1 className="text-[2.55rem] leading-[1.04]! tracking-[-0.034em]! sm:text-6xl lg:text-[4.1rem]">
            {hero.before}
            <em className="text-kelp not-italic">{hero.lives}</em>
            {hero.between}
            <em className="text-thought not-italic">{hero.remembers}</em>
            {hero.and}
            <em className="text-shell not-italic">{hero.works}</em>
            {hero.after}
          </h1>
          <p className="mt-6 max-w-xl text-lg text-muted">{hero.lead}</p>
          <div className="mt-8 flex flex-wrap gap-3">
            <AppLink fallback={href(language, "/", "#waitlist")} className="button button-loud px-7! text-lg">
              {hero.start}
            </AppLink>
            <a href="#demo" className="button button-quiet">
              {hero.watch}
            </a>
          </div>
          <p className="mt-5 text-[0.95rem] text-muted">{hero.price}</p>
        </div>
        <Molt label={hero.picture} />
      </div>
    </section>
  );
}

/** Thoughts above the claw: x, y, radius, and when each lights up (s). */
const thoughts = [
  [262, 118, 9, 0],
  [330, 62, 13, 0.5],
  [410, 108, 8, 1.1],
  [392, 26, 7, 1.6],
  [470, 54, 10, 2.2],
  [498, 142, 7, 2.8],
  [440, 188, 11, 3.3],
  [520, 222, 8, 3.9],
] as const;
const synapses = [
  [0, 1],
  [1, 2],
  [1, 3],
  [2, 4],
  [3, 4],
  [2, 6],
  [4, 5],
  [5, 6],
  [6, 7],
] as const;

function Molt({ label }: { label: string }) {
  return (
    <svg
      viewBox="-34 0 600 540"
      role="img"
      aria-label={label}
      className="mx-auto -mb-6 w-full max-w-[21rem] sm:max-w-md lg:max-w-none"
    >
      <ShellCuts />
      <ellipse cx="268" cy="508" rx="178" ry="15" fill="var(--sunken)" />
      <Thoughts />
      <Half side="left" />
      <Half side="right" />
      <g className="molt-claw">
        <g transform="translate(4 130) scale(7.6)">
          <path d={mark.claw} fill="var(--shell)" />
          <path
            d="M18.6 20.5C19.4 14.8 22.4 10.2 26.8 7.4"
            fill="none"
            stroke="var(--shell-soft)"
            strokeWidth="1.1"
            strokeLinecap="round"
            opacity="0.55"
          />
        </g>
      </g>
    </svg>
  );
}

function Thoughts() {
  return (
    <g>
      {synapses.map(([a, b]) => {
        const [from, to] = [thoughts[a], thoughts[b]];
        return (
          <line
            key={`${a}-${b}`}
            x1={from[0]}
            y1={from[1]}
            x2={to[0]}
            y2={to[1]}
            className="synapse"
            strokeWidth="2"
            opacity="0.6"
          />
        );
      })}
      {thoughts.map(([x, y, r, wait]) => (
        <circle
          key={`${x}`}
          cx={x}
          cy={y}
          r={r}
          className="thought"
          strokeWidth="2"
          style={{ "--wait": `${wait}s` } as CSSProperties}
        />
      ))}
    </g>
  );
}

function Half({ side }: { side: "left" | "right" }) {
  return (
    <g className={`molt-${side}`}>
      <g transform="translate(16 148) scale(7.2)">
        <HalfShell side={side} ink={0.9} />
      </g>
    </g>
  );
}

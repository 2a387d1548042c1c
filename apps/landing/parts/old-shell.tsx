/** The old shell in two halves: the claw's own outline, broken from the bite down along one crack. */
import { mark } from "@molt/brand";

const CRACK = "M28.4 23.2L25.8 26.6L29.8 29.6L26.2 33L29.4 35.8L28 40";
/** From above, through the gap between the fingers, to where the crack begins. */
const GAP = "L40 -60L40 -5L35.5 8L32 15L28.4 23.2";
const DOWN = CRACK.slice(CRACK.indexOf("L"));

/** Shapes that the halves are cut with. Once a page, before the first half. */
export function ShellCuts() {
  return (
    <defs>
      <clipPath id="half-left">
        <path d={`M-60 -60${GAP}${DOWN}H-60Z`} />
      </clipPath>
      <clipPath id="half-right">
        <path d={`M120 -60${GAP}${DOWN}H120Z`} />
      </clipPath>
      <clipPath id="claw-body">
        <path d={mark.claw} />
      </clipPath>
    </defs>
  );
}

/** In the mark's own 48 x 48 box. @param ink width of the outline there. */
export function HalfShell({ side, ink }: { side: "left" | "right"; ink: number }) {
  return (
    <g clipPath={`url(#half-${side})`}>
      <path
        d={mark.claw}
        fill="var(--shell-soft)"
        stroke="var(--shell)"
        strokeWidth={ink}
        strokeLinejoin="round"
      />
      <path
        d={CRACK}
        clipPath="url(#claw-body)"
        fill="none"
        stroke="var(--shell)"
        strokeWidth={ink * 1.6}
        strokeLinejoin="round"
      />
    </g>
  );
}

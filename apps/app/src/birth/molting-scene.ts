/**
 * The picture of a birth: a claw inside a shell of six plates. Each finished step sheds one plate.
 * Pure geometry in a 240 x 240 view box; angles in degrees, clockwise from the top.
 */
import { motion } from "@molt/brand";

export const size = 240;
export const plateCount = 6;
const middle = size / 2;
const radius = 92;
/** Degrees between two plates, their round ends included. */
const gap = 16;

export interface Plate {
  readonly d: string;
  readonly transform: string;
  readonly opacity: number;
  /** The one that goes next. */
  readonly next: boolean;
}

const rad = (deg: number) => ((deg - 90) * Math.PI) / 180;
const point = (deg: number, r: number) =>
  `${(middle + r * Math.cos(rad(deg))).toFixed(2)} ${(middle + r * Math.sin(rad(deg))).toFixed(2)}`;

function arc(i: number): string {
  const span = 360 / plateCount;
  const [from, to] = [i * span + gap / 2, (i + 1) * span - gap / 2];
  return `M${point(from, radius)}A${radius} ${radius} 0 0 1 ${point(to, radius)}`;
}

/** Fast away, then slow: the curve of a thing pushed under water. */
const easeOut = (x: number) => 1 - (1 - x) ** 3;

export interface MoltingInput {
  /** Ms since each plate was shed; null while it is on. */
  readonly shedAgoMs: readonly (number | null)[];
  /** Ms of the clock, for breath and trembling. */
  readonly t: number;
  readonly still: boolean;
}

/** Plates in drawing order. The next one to go trembles. */
export function plates({ shedAgoMs, t, still }: MoltingInput): Plate[] {
  const next = shedAgoMs.findIndex((ago) => ago === null);
  return shedAgoMs.map((ago, i) => {
    const gone = ago === null ? 0 : still ? 1 : easeOut(Math.min(1, ago / motion.molt));
    const tremble = i === next && !still ? 1.5 * Math.sin(t / 70) * Math.max(0, Math.sin(t / 600)) : 0;
    const direction = rad((i + 0.5) * (360 / plateCount));
    const far = gone * 20 + tremble;
    const turn = gone * (i % 2 === 0 ? 13 : -13);
    const [dx, dy] = [Math.cos(direction) * far, Math.sin(direction) * far];
    const [cx, cy] = [middle + radius * Math.cos(direction), middle + radius * Math.sin(direction)];
    return {
      d: arc(i),
      transform: `translate(${dx.toFixed(2)} ${dy.toFixed(2)}) rotate(${turn.toFixed(2)} ${cx.toFixed(2)} ${cy.toFixed(2)})`,
      opacity: 1 - 0.55 * gone,
      next: i === next,
    };
  });
}

/** The claw grows as the shell goes, breathes, and turns upright when it is free. */
export function claw({ done, t, still }: { done: number; t: number; still: boolean }): string {
  const grown = 2.1 + 0.75 * Math.min(1, done);
  const breath = still ? 0 : 0.035 * Math.sin(t / 520);
  const tilt = -16 * (1 - Math.min(1, done)) + (still ? 0 : 1.6 * Math.sin(t / 900));
  const k = (grown + breath).toFixed(3);
  return `translate(${middle} ${middle}) rotate(${tilt.toFixed(2)}) scale(${k}) translate(-29 -24.5)`;
}

"use client";
import { useInView } from "motion/react";
import * as m from "motion/react-m";
import { useRef } from "react";

/** One wall. It settles into its place when it comes into view; its line is never hidden. */
export function ShellRing({ ink, x, size }: { ink: string; x: number; size: number }) {
  const ring = useRef<SVGPathElement>(null);
  const seen = useInView(ring, { once: true, amount: 0.6 });
  const y = 200 - size / 2;
  const r = size * 0.24;
  const hinge = size * 0.06;
  const end = x + size;
  const path = `M${x + r} ${y}H${end - r}Q${end} ${y} ${end} ${y + r}V${y + size - r}Q${end} ${y + size} ${end - r} ${y + size}H${x + hinge}Q${x} ${y + size} ${x} ${y + size - hinge}V${y + r}Q${x} ${y} ${x + r} ${y}Z`;
  return (
    <m.path
      d={path}
      fill="var(--surface)"
      fillOpacity={0.45}
      stroke={ink}
      strokeWidth={5}
      ref={ring}
      initial={{ scale: 0.86 }}
      animate={{ scale: seen ? 1 : 0.86 }}
      transition={{ type: "spring", stiffness: 90, damping: 13, delay: (size - 168) / 700 }}
    />
  );
}

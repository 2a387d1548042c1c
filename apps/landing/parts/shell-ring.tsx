"use client";
import { useEffect, useRef } from "react";
import { onFirstSight, springTo, wantsLessMotion } from "../lib/spring-to.ts";

/** One wall. It settles into its place when it comes into view; its line is never hidden. */
export function ShellRing({ ink, x, size }: { ink: string; x: number; size: number }) {
  const ring = useRef<SVGPathElement>(null);
  useEffect(() => {
    const path = ring.current;
    if (!path || wantsLessMotion()) return;
    path.style.transform = "scale(0.86)";
    const spring = { stiffness: 90, damping: 13, delay: (size - 168) / 700 };
    return onFirstSight(path, 0.6, () => springTo(path, 1, spring));
  }, [size]);
  const y = 200 - size / 2;
  const r = size * 0.24;
  const hinge = size * 0.06;
  const end = x + size;
  const path = `M${x + r} ${y}H${end - r}Q${end} ${y} ${end} ${y + r}V${y + size - r}Q${end} ${y + size} ${end - r} ${y + size}H${x + hinge}Q${x} ${y + size} ${x} ${y + size - hinge}V${y + r}Q${x} ${y} ${x + r} ${y}Z`;
  return (
    <path
      d={path}
      ref={ring}
      className="from-middle"
      fill="var(--surface)"
      fillOpacity={0.45}
      stroke={ink}
      strokeWidth={5}
    />
  );
}

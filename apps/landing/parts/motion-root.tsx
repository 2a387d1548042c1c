"use client";
import { LazyMotion, MotionConfig } from "motion/react";
import type { ReactNode } from "react";

/** The moving part (16 kB) is fetched when the reader first does something: nothing above the fold needs it. */
async function features() {
  await firstSign();
  return (await import("../lib/motion-features.ts")).features;
}

function firstSign(): Promise<void> {
  return new Promise((resolve) => {
    const signs = ["scroll", "pointerdown", "keydown"] as const;
    const done = () => {
      for (const sign of signs) removeEventListener(sign, done);
      resolve();
    };
    if (scrollY > 0) return resolve();
    for (const sign of signs) addEventListener(sign, done, { passive: true });
  });
}

/** Movement for what is inside; silent where the reader asked for less of it. */
export function MotionRoot({ children }: { children: ReactNode }) {
  return (
    <LazyMotion features={features} strict>
      <MotionConfig reducedMotion="user">{children}</MotionConfig>
    </LazyMotion>
  );
}

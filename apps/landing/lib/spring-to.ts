import type { Spring } from "./movement.ts";

/**
 * Brings a shape to a scale with a spring; at once for readers who asked for less motion. The moving
 * part is fetched when something first moves: nothing above the fold needs it. A shape that is still
 * on its way turns around where it is.
 */
export function springTo(element: SVGElement, scale: number, how: Spring): void {
  const arrive = () => {
    element.style.transform = `scale(${scale})`;
  };
  if (wantsLessMotion()) return arrive();
  import("./movement.ts").then(({ animateScale }) => animateScale(element, scale, how), arrive);
}

export function wantsLessMotion(): boolean {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** Calls back once, when `share` (0 to 1) of the element is on screen. Returns how to stop watching. */
export function onFirstSight(element: Element, share: number, act: () => void): () => void {
  const observer = new IntersectionObserver(
    ([entry]) => {
      if (!entry?.isIntersecting) return;
      observer.disconnect();
      act();
    },
    { threshold: share },
  );
  observer.observe(element);
  return () => observer.disconnect();
}

/** The moving part of the page, a chunk of its own: motion's springs on the browser's own animations. */
import { spring } from "motion";
import { animate } from "motion/mini";

export interface Spring {
  stiffness: number;
  damping: number;
  /** Seconds before it begins. */
  delay?: number;
}

export function animateScale(element: SVGElement, scale: number, how: Spring): void {
  animate(element, { transform: `scale(${scale})` }, { type: spring, ...how });
}

/** The part of motion that may arrive late, as its own chunk. */
export { domMin as features } from "motion/react";

/** The canvas on a phone: the browser's file inside a web view. */
import { useColors } from "../ui/theme.ts";
import { useReducedMotion } from "../ui/use-reduced-motion.ts";
import MindCanvasDom from "./mind-canvas-dom.tsx";
import type { MindCanvasProps } from "./mind-canvas.tsx";

export type BrainCanvasProps = Omit<MindCanvasProps, "colors" | "still">;

export function BrainCanvas(props: BrainCanvasProps) {
  return (
    <MindCanvasDom
      {...props}
      colors={useColors()}
      still={useReducedMotion()}
      dom={{ scrollEnabled: false, matchContents: false }}
    />
  );
}

/** The canvas in the browser. brain-canvas.native.tsx puts the same one into a web view. */
import { dark, light, type Palette } from "@molt/brand";
import { useEffect, useState } from "react";
import { useAppearance } from "../ui/theme.ts";
import { useReducedMotion } from "../ui/use-reduced-motion.ts";
import { MindCanvas, type MindCanvasProps } from "./mind-canvas.tsx";

export type BrainCanvasProps = Omit<MindCanvasProps, "colors" | "still">;

export function BrainCanvas(props: BrainCanvasProps) {
  return <MindCanvas {...props} colors={useRealColors()} still={useReducedMotion()} />;
}

/** A canvas cannot read custom properties: it needs the values behind them, also when the system turns dark. */
function useRealColors(): Palette {
  const appearance = useAppearance((s) => s.appearance);
  const query = "(prefers-color-scheme: dark)";
  const [systemDark, setSystemDark] = useState(
    () => typeof window !== "undefined" && window.matchMedia(query).matches,
  );
  useEffect(() => {
    const media = window.matchMedia(query);
    const follow = () => setSystemDark(media.matches);
    media.addEventListener("change", follow);
    return () => media.removeEventListener("change", follow);
  }, []);
  const isDark = appearance === "system" ? systemDark : appearance === "dark";
  return isDark ? dark : light;
}

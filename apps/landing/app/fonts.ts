/**
 * The house's two faces for reading, served from our own host. `optional` and a size-adjusted fallback: text
 * never moves when a font arrives, and a slow line simply keeps the system's face.
 * Code and figures stand in the system's own fixed-width face: a third file would be the heaviest.
 */
import localFont from "next/font/local";

export const display = localFont({
  src: "../../../packages/brand/fonts/bricolage-grotesque.woff2",
  weight: "200 800",
  display: "optional",
  variable: "--font-bricolage",
  adjustFontFallback: "Arial",
});
export const text = localFont({
  src: "../../../packages/brand/fonts/figtree.woff2",
  weight: "300 900",
  display: "optional",
  variable: "--font-figtree",
  adjustFontFallback: "Arial",
});

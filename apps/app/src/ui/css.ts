/**
 * The one stylesheet of the web build: palettes as custom properties, so that light and dark switch
 * without a render and the static HTML is right before any script has run; and our own fonts.
 */
import { dark, light, motion, type Palette } from "@molt/brand";

function variables(palette: Palette): string {
  return Object.entries(palette)
    .map(([name, value]) => `--${name}:${value}`)
    .join(";");
}

const face = (family: string, file: string, weights: string) =>
  `@font-face{font-family:'${family}';font-style:normal;font-display:swap;font-weight:${weights};src:url(/fonts/${file}.woff2) format('woff2')}`;

/** CSS text for the head. Colours come from brand alone. */
export function stylesheet(): string {
  return [
    face("Bricolage Grotesque Variable", "bricolage-grotesque", "200 800"),
    face("Figtree Variable", "figtree", "300 900"),
    face("JetBrains Mono Variable", "jetbrains-mono", "100 800"),
    `:root{color-scheme:light;${variables(light)}}`,
    `@media (prefers-color-scheme:dark){:root:not([data-theme=light]){color-scheme:dark;${variables(dark)}}}`,
    `:root[data-theme=dark]{color-scheme:dark;${variables(dark)}}`,
    "html,body{height:100%;margin:0;background:var(--bg);color:var(--text)}",
    "body{overflow:hidden;-webkit-text-size-adjust:100%;-webkit-font-smoothing:antialiased;text-rendering:optimizeLegibility}",
    "#root{display:flex;flex:1;height:100%;height:100dvh}",
    ":focus{outline:none}:focus-visible{outline:2px solid var(--focus);outline-offset:2px}",
    "input:focus-visible,textarea:focus-visible{outline:none}",
    "::selection{background:var(--shellSoft);color:var(--text)}",
    "*{scrollbar-width:thin;scrollbar-color:var(--line) transparent}",
    "@keyframes molt-breathe{0%,100%{opacity:.45}50%{opacity:1}}",
    "@keyframes molt-turn{to{transform:rotate(360deg)}}",
    "@keyframes molt-rise{from{transform:translateY(8px)}to{transform:none}}",
    "@keyframes molt-pulse{0%{box-shadow:0 0 0 0 var(--pulse)}70%,100%{box-shadow:0 0 0 7px transparent}}",
    "@keyframes molt-swim{0%,100%{transform:translateY(-3px) rotate(-1.5deg)}50%{transform:translateY(3px) rotate(1.5deg)}}",
    `[data-motion=breathe]{animation:molt-breathe 1.6s ease-in-out infinite}`,
    `[data-motion=turn]{animation:molt-turn .8s linear infinite}`,
    `[data-motion=rise]{animation:molt-rise ${motion.calm}ms cubic-bezier(${motion.easing.join(",")})}`,
    `[data-motion=pulse]{animation:molt-pulse 1.8s ease-out infinite}`,
    `[data-motion=swim]{animation:molt-swim 5s ease-in-out infinite}`,
    "[data-hover]{transition:background-color 140ms,border-color 140ms,transform 140ms,opacity 140ms}",
    "@media (prefers-reduced-motion:reduce){*,*::before,*::after{animation:none!important;transition:none!important}}",
  ].join("\n");
}

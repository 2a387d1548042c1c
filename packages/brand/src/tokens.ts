/** Type, space, shape and motion. Numbers are density-independent pixels and milliseconds. */

export const fonts = {
  /** Headlines and the wordmark. */
  display: "'Bricolage Grotesque Variable', 'Bricolage Grotesque', Georgia, serif",
  /** Everything one reads. */
  text: "'Figtree Variable', Figtree, system-ui, -apple-system, 'Segoe UI', sans-serif",
  mono: "'JetBrains Mono Variable', 'JetBrains Mono', ui-monospace, Menlo, Consolas, monospace",
} as const;

/** size / line height, a modest scale: the content is text, not posters. */
export const type = {
  hero: { size: 52, line: 56, weight: "700", family: "display" },
  title: { size: 30, line: 36, weight: "700", family: "display" },
  heading: { size: 21, line: 28, weight: "650", family: "display" },
  body: { size: 16, line: 25, weight: "400", family: "text" },
  strong: { size: 16, line: 25, weight: "600", family: "text" },
  small: { size: 14, line: 20, weight: "400", family: "text" },
  label: { size: 13, line: 18, weight: "600", family: "text" },
  code: { size: 14, line: 21, weight: "400", family: "mono" },
} as const;

export const space = { xs: 4, s: 8, m: 12, l: 16, xl: 24, xxl: 40, xxxl: 64 } as const;

/** One corner is always tighter than the others, like the hinge of a shell. */
export const radius = { s: 8, m: 14, l: 22, round: 999, hinge: 4 } as const;

export const touchTarget = 44;

export const breakpoints = { phone: 0, tablet: 720, desktop: 1080 } as const;

/** Durations in ms. With reduced motion everything is `instant` and nothing loops. */
export const motion = {
  instant: 0,
  quick: 140,
  calm: 260,
  molt: 900,
  easing: [0.22, 1, 0.36, 1],
} as const;

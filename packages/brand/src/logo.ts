/**
 * The mark: a claw (full, with its cuff) stepping out of its old shell (outline). One 48 x 48 view
 * box, two paths, one colour: it survives 16 px, one ink, and both themes. The claw alone, stroked
 * instead of filled, is the shed shell of pictures larger than an icon.
 */
export const mark = {
  viewBox: "0 0 48 48",
  /** The new claw: crusher and pincher around one bite, and the cuff of the arm below. */
  claw: "M13.6 23.8C13.6 12.3 20.6 3.9 31.2 2.3C33.5 2 34.8 4.4 33.3 6.1C28.3 11.6 25.9 17.2 27 22.3C27.3 23.6 28.7 24.1 29.8 23.3C33.1 21 35.5 17.1 36.7 12.4C37.2 10.3 39.9 9.9 41 11.7C46 19.9 45 29.4 38.9 35.3C36.3 37.8 32.7 38.7 28.8 38.2C19.8 37 13.6 31.6 13.6 23.8ZM26.1 41.3C29.1 41.9 32 41.9 34.7 41.4C36.4 41.1 37.6 42.8 36.8 44.3C36 45.7 34.5 46.5 32.9 46.5H27.6C25.9 46.5 24.4 45.6 23.7 44.1C23 42.6 24.4 40.9 26.1 41.3Z",
  /** The shed shell behind it, open where the claw came out. Stroked with round caps. */
  shell: "M22.4 3.2C11.8 6 4.3 14.7 4.3 25C4.3 33.4 8.6 40.4 15.2 44.3",
  shellWidth: 3.2,
} as const;

export const name = "Molt-OS";
/** The product in one sentence. Every page, mail and store entry uses this one. */
export const promise =
  "An AI agent of your own that lives in the cloud, remembers, and works while you are away.";

/**
 * The mark: a claw (full) stepping out of its old shell (outline). One 48 x 48 view box, two paths,
 * one colour and its own outline, so it survives 16 px, one ink, and both themes.
 */
export const mark = {
  viewBox: "0 0 48 48",
  /** The new claw: a long finger and a short one, and a single tooth in the gap between them. */
  claw: "M26 44.2C16.6 44.2 10.4 37.6 10.4 28.2C10.4 16.5 17.6 6.6 28.2 3.9C29.7 3.5 30.7 5.1 29.7 6.3C27.1 9.3 25.3 12.5 24.3 16.1L28.3 17.7L26.9 22.4C30.6 21.3 33.8 18.7 36 14.9C36.7 13.7 38.3 13.7 38.9 14.9C41 18.9 42 23.3 41.8 27.8C41.4 37.4 35.3 44.2 26 44.2Z",
  /** The shed shell behind it, the same back a size older, open where the claw came out. */
  shell: "M17.6 4.6C9.6 9.4 4.6 18.3 4.6 28C4.6 34.3 6.9 39.7 11 43.4",
  shellWidth: 2.8,
} as const;

export const name = "Molt-OS";
/** The product in one sentence. Every page, mail and store entry uses this one. */
export const promise =
  "An AI agent of your own that lives in the cloud, remembers, and works while you are away.";

/**
 * The mark: a claw (full) stepping out of its old shell (outline). One 48 x 48 view box, two paths,
 * one colour and its own outline, so it survives 16 px, one ink, and both themes.
 */
export const mark = {
  viewBox: "0 0 48 48",
  /** The new claw: a round body with a bite, and one tooth inside the bite. */
  claw: "M27 9.5c9.1 0 16.5 7.2 16.5 16S36.1 41.5 27 41.5s-16.5-7.2-16.5-16c0-4.9 2.3-9.3 5.9-12.2l6.3 8.6c.7 1 2 1.2 3 .6l1.3-.9 1.9 1.5c1 .8 2.4.5 3-.6L35.9 12c-.3-.2 0 0-.4-.2-2.500-1.500-5.400-2.300-8.500-2.300Z",
  /** The shed shell behind it, open where the claw came out. */
  shell: "M19.500 6.700C11 8 4.500 15.300 4.500 24c0 8.300 5.900 15.300 13.800 17.100",
  shellWidth: 2.6,
} as const;

export const name = "Molt-OS";
/** The product in one sentence. Every page, mail and store entry uses this one. */
export const promise =
  "An AI agent of your own that lives in the cloud, remembers, and works while you are away.";

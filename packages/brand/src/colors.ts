/**
 * The face of Molt-OS: a lobster that has just shed its shell, seen under water and on warm paper.
 * Every pair that carries text reaches WCAG AA (4.5:1); contrast.test.ts checks them.
 */
export interface Palette {
  /** The page. */
  readonly bg: string;
  /** Cards, the chat's own column, sheets. */
  readonly surface: string;
  /** Hover, wells, code. */
  readonly sunken: string;
  /** Hairlines that only separate. */
  readonly line: string;
  /** Borders of controls: 3:1 against the page. */
  readonly edge: string;
  readonly text: string;
  readonly muted: string;
  /** Shell red: the one loud colour. Buttons, the mark, the user's own words. */
  readonly shell: string;
  readonly onShell: string;
  /** A breath of shell red, behind the user's messages. */
  readonly shellSoft: string;
  /** Kelp: awake, paid, fine. */
  readonly kelp: string;
  readonly kelpSoft: string;
  /** Amber: waking, waiting, look here. */
  readonly amber: string;
  readonly amberSoft: string;
  /** Violet: thought. The Brain View and everything the bot does in its head. */
  readonly thought: string;
  readonly thoughtSoft: string;
  readonly danger: string;
  readonly dangerSoft: string;
  readonly focus: string;
}

export const light: Palette = {
  bg: "#FBF6F0",
  surface: "#FFFFFF",
  sunken: "#F3ECE3",
  line: "#E7DCCF",
  edge: "#8C8277",
  text: "#16211F",
  muted: "#56635F",
  shell: "#C4321A",
  onShell: "#FFFFFF",
  shellSoft: "#FBE4DC",
  kelp: "#0B6E5F",
  kelpSoft: "#DCF1EB",
  amber: "#8A5200",
  amberSoft: "#FBEBCF",
  thought: "#5B41BF",
  thoughtSoft: "#EAE5FB",
  danger: "#A8182F",
  dangerSoft: "#FBE1E5",
  focus: "#5B41BF",
};

export const dark: Palette = {
  bg: "#0B1416",
  surface: "#121F22",
  sunken: "#0F1A1D",
  line: "#21353A",
  edge: "#668086",
  text: "#EDF4F2",
  muted: "#9DB2B3",
  shell: "#FF7B5F",
  onShell: "#2A0A03",
  shellSoft: "#3A1D17",
  kelp: "#4BD3B9",
  kelpSoft: "#10312C",
  amber: "#FFBE62",
  amberSoft: "#35270F",
  thought: "#B3A2FF",
  thoughtSoft: "#231D3F",
  danger: "#FF8A9B",
  dangerSoft: "#3B1820",
  focus: "#B3A2FF",
};

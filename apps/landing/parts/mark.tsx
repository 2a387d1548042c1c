import { mark } from "@molt/brand";

/** The mark, in the colour of the text around it. Decoration: the name stands beside it. */
export function Mark({ size = 28, className = "" }: { size?: number; className?: string }) {
  return (
    <svg viewBox={mark.viewBox} width={size} height={size} className={className} aria-hidden="true">
      <path d={mark.claw} fill="currentColor" />
      <path
        d={mark.shell}
        fill="none"
        stroke="currentColor"
        strokeWidth={mark.shellWidth}
        strokeLinecap="round"
      />
    </svg>
  );
}

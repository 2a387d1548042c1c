import { fonts, type } from "@molt/brand";
import type { Palette } from "@molt/brand";
import type { ReactNode } from "react";
import { Platform, Text as RNText, type TextProps as RNTextProps, type TextStyle } from "react-native";
import { useColors } from "./theme.ts";

export type TextKind = keyof typeof type;
export type Tone = "text" | "muted" | "shell" | "kelp" | "amber" | "thought" | "danger" | "onShell";

/** A phone has no variable web fonts: there the system's own face speaks, in the same sizes. */
const family = Platform.select({
  web: fonts,
  ios: { display: "System", text: "System", mono: "Menlo" },
  default: { display: "sans-serif", text: "sans-serif", mono: "monospace" },
});

export function textStyle(kind: TextKind): TextStyle {
  const t = type[kind];
  return {
    fontFamily: family[t.family],
    fontSize: t.size,
    lineHeight: t.line,
    // Phones know hundreds only; 650 lives in the variable web font.
    fontWeight: (Platform.OS === "web" || t.weight !== "650" ? t.weight : "700") as "400",
    letterSpacing: t.family === "display" ? -0.02 * t.size : 0,
  };
}

export interface TextProps extends RNTextProps {
  kind?: TextKind;
  tone?: Tone;
  /** Makes it a heading of this level for screen readers. */
  level?: 1 | 2 | 3 | 4;
  center?: boolean;
  children?: ReactNode;
}

/** Everything one reads. Size and face by kind, colour by tone; never a raw colour or number. */
export function Text({ kind = "body", tone = "text", level, center, style, ...rest }: TextProps) {
  const colors: Palette = useColors();
  const heading = level ? { role: "heading" as const, "aria-level": level } : {};
  return (
    <RNText
      {...heading}
      {...rest}
      style={[textStyle(kind), { color: colors[tone] }, center && { textAlign: "center" }, style]}
    />
  );
}

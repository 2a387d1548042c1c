/** Card, Badge, Banner, Skeleton, EmptyState, Bar: what a screen is put together from. */
import { radius, space } from "@molt/brand";
import type { Palette } from "@molt/brand";
import type { ReactNode } from "react";
import { StyleSheet, View, type DimensionValue, type ViewStyle } from "react-native";
import { Icon, type IconName } from "./icon.tsx";
import { hinge } from "./layout.ts";
import { Mark } from "./mark.tsx";
import { Text } from "./text.tsx";
import { useColors } from "./theme.ts";
import { motionOf, web } from "./web.ts";

export function Card({ children, style, label }: { children: ReactNode; style?: ViewStyle; label?: string }) {
  const c = useColors();
  const named = label ? { role: "group" as const, "aria-label": label } : {};
  return (
    <View
      {...named}
      style={[s.card, hinge("topLeft"), { backgroundColor: c.surface, borderColor: c.line }, style]}
    >
      {children}
    </View>
  );
}

export type BadgeTone = "kelp" | "amber" | "thought" | "danger" | "muted";

const softOf = {
  kelp: "kelpSoft",
  amber: "amberSoft",
  thought: "thoughtSoft",
  danger: "dangerSoft",
  muted: "sunken",
} satisfies Record<BadgeTone, keyof Palette>;

/** A dot and a word. Colour is never the only signal. `live` lets the dot pulse. */
export function Badge({
  tone,
  label,
  live,
  testID,
}: {
  tone: BadgeTone;
  label: string;
  live?: boolean;
  testID?: string;
}) {
  const c = useColors();
  return (
    <View role="status" testID={testID} style={[s.badge, { backgroundColor: c[softOf[tone]] }]}>
      <View
        style={[s.dot, { backgroundColor: c[tone] }, web({ "--pulse": c[tone] })]}
        {...(live ? motionOf("pulse") : {})}
      />
      <Text kind="label" tone={tone} numberOfLines={1}>
        {label}
      </Text>
    </View>
  );
}

const bannerIcon = {
  danger: "alert",
  amber: "alert",
  thought: "moon",
  kelp: "check",
  muted: "moon",
} satisfies Record<BadgeTone, IconName>;

export interface BannerProps {
  tone: BadgeTone;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}

/** Something the reader should know, and what they can do about it. */
export function Banner({ tone, title, children, action }: BannerProps) {
  const c = useColors();
  return (
    <View
      role={tone === "danger" ? "alert" : "status"}
      style={[s.banner, hinge("topLeft", radius.m), { backgroundColor: c[softOf[tone]] }]}
    >
      <View style={s.bannerIcon}>
        <Icon name={bannerIcon[tone]} color={c[tone]} />
      </View>
      <View style={s.bannerWords}>
        <Text kind="strong">{title}</Text>
        {children ? <Text kind="small">{children}</Text> : null}
        {action ? <View style={s.bannerAction}>{action}</View> : null}
      </View>
    </View>
  );
}

export function Skeleton({ width = "100%", height = 16 }: { width?: DimensionValue; height?: number }) {
  const c = useColors();
  return (
    <View
      aria-hidden
      style={{
        width,
        height,
        borderRadius: radius.s,
        borderTopLeftRadius: radius.hinge,
        backgroundColor: c.line,
      }}
      {...motionOf("breathe")}
    />
  );
}

export interface EmptyStateProps {
  title: string;
  /** 1 where it is all there is on the page. */
  level?: 1 | 2;
  children?: ReactNode;
  action?: ReactNode;
}

/** Nothing here yet: says what will be here, and how to begin. */
export function EmptyState({ title, level = 2, children, action }: EmptyStateProps) {
  const c = useColors();
  return (
    <View style={s.empty}>
      <View {...motionOf("swim")}>
        <Mark size={56} color={c.line} shell={c.edge} />
      </View>
      <Text kind="heading" level={level} center>
        {title}
      </Text>
      {children ? (
        <Text tone="muted" center style={s.emptyWords}>
          {children}
        </Text>
      ) : null}
      {action ? <View>{action}</View> : null}
    </View>
  );
}

const s = StyleSheet.create({
  card: { borderWidth: 1, padding: space.xl, gap: space.m },
  badge: {
    flexDirection: "row",
    alignItems: "center",
    alignSelf: "flex-start",
    gap: 7,
    paddingHorizontal: 11,
    paddingVertical: 4,
    borderRadius: radius.round,
  },
  dot: { width: 8, height: 8, borderRadius: 4 },
  banner: { flexDirection: "row", gap: space.m, padding: space.l, alignSelf: "stretch" },
  bannerIcon: { paddingTop: 2 },
  bannerWords: { flex: 1, gap: 2 },
  bannerAction: { marginTop: space.s },
  empty: { alignItems: "center", justifyContent: "center", gap: space.m, padding: space.xl },
  emptyWords: { maxWidth: 420 },
});

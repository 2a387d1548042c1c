/** The frame of a room: rail on a desk, tabs on a phone, one heading and its own scroll. */
import { breakpoints, space } from "@molt/brand";
import { Link, usePathname } from "expo-router";
import { useState, type ReactNode } from "react";
import { Pressable, ScrollView, StyleSheet, View } from "react-native";
import { useSafeAreaInsets } from "react-native-safe-area-context";
import { Icon, type IconName } from "./icon.tsx";
import { hinge, useWide } from "./layout.ts";
import { Wordmark } from "./mark.tsx";
import { Text } from "./text.tsx";
import { useColors } from "./theme.ts";
import { web } from "./web.ts";

const rooms: readonly { href: "/chat" | "/brain" | "/usage" | "/settings"; label: string; icon: IconName }[] =
  [
    { href: "/chat", label: "Chat", icon: "chat" },
    { href: "/brain", label: "Brain", icon: "brain" },
    { href: "/usage", label: "Usage", icon: "usage" },
    { href: "/settings", label: "Settings", icon: "settings" },
  ];

/** `foot` stands at the end of the rail; a phone has no place for it and does without. */
export function Rooms({ children, foot }: { children: ReactNode; foot?: ReactNode }) {
  const wide = useWide();
  const insets = useSafeAreaInsets();
  return (
    <View style={[s.all, { paddingTop: insets.top }, wide && s.allWide]}>
      {wide ? <Rail foot={foot} /> : null}
      <View role="main" style={s.main}>
        {children}
      </View>
      {wide ? null : <Tabs bottom={insets.bottom} />}
    </View>
  );
}

function Rail({ foot }: { foot: ReactNode }) {
  const c = useColors();
  return (
    <View role="navigation" aria-label="Rooms" style={[s.rail, { borderColor: c.line }]}>
      <View style={s.brand}>
        <Wordmark />
      </View>
      <View style={s.railItems}>
        {rooms.map((room) => (
          <RoomLink key={room.href} {...room} wide />
        ))}
      </View>
      <View style={s.foot}>{foot}</View>
    </View>
  );
}

function Tabs({ bottom }: { bottom: number }) {
  const c = useColors();
  return (
    <View
      role="navigation"
      aria-label="Rooms"
      style={[s.tabs, { borderColor: c.line, backgroundColor: c.surface, paddingBottom: bottom }]}
    >
      {rooms.map((room) => (
        <RoomLink key={room.href} {...room} />
      ))}
    </View>
  );
}

function RoomLink({ href, label, icon, wide = false }: (typeof rooms)[number] & { wide?: boolean }) {
  const c = useColors();
  const here = usePathname() === href;
  const [hovered, setHovered] = useState(false);
  // Link's asChild merges plain styles only: a style function would be lost.
  const style = StyleSheet.flatten([
    wide ? [s.railLink, hinge("topLeft", 12)] : s.tab,
    wide && here && { backgroundColor: c.shellSoft },
    wide && hovered && !here && { backgroundColor: c.sunken },
  ]);
  return (
    <Link href={href} replace asChild>
      <Pressable
        role="link"
        aria-label={label}
        style={style}
        onHoverIn={() => setHovered(true)}
        onHoverOut={() => setHovered(false)}
        {...web({ ...(here && { "aria-current": "page" }), dataSet: { hover: "" } })}
      >
        <Icon name={icon} size={22} color={here ? c.shell : c.muted} />
        <Text
          kind={wide ? "strong" : "label"}
          tone={here ? (wide ? "text" : "shell") : "muted"}
          style={wide ? null : s.tabLabel}
        >
          {label}
        </Text>
      </Pressable>
    </Link>
  );
}

/** The one heading of a room, and what belongs beside it. */
export function RoomHeader({ title, children }: { title: string; children?: ReactNode }) {
  const c = useColors();
  return (
    <View style={[s.header, { borderColor: c.line }]}>
      <Text kind="heading" level={1} style={s.title} numberOfLines={1}>
        {title}
      </Text>
      <View>{children}</View>
    </View>
  );
}

/** A room that scrolls as a page. */
export function RoomPage({ children }: { children: ReactNode }) {
  return (
    <ScrollView style={s.main} contentContainerStyle={s.page} {...web({ tabIndex: 0 })}>
      {children}
    </ScrollView>
  );
}

const s = StyleSheet.create({
  all: { flex: 1 },
  allWide: { flexDirection: "row" },
  main: { flex: 1, minWidth: 0 },
  rail: { width: 236, borderRightWidth: 1, padding: space.l, gap: space.xl },
  brand: { padding: space.s, paddingTop: space.m },
  railItems: { gap: space.xs },
  railLink: {
    flexDirection: "row",
    alignItems: "center",
    gap: space.m,
    minHeight: 46,
    paddingHorizontal: space.m,
  },
  foot: { marginTop: "auto" },
  tabs: { flexDirection: "row", borderTopWidth: 1 },
  tab: {
    flex: 1,
    alignItems: "center",
    justifyContent: "center",
    gap: 2,
    minHeight: 58,
    paddingVertical: space.xs,
  },
  tabLabel: { fontSize: 12, lineHeight: 15 },
  header: {
    flexDirection: "row",
    alignItems: "center",
    gap: space.m,
    minHeight: 60,
    paddingHorizontal: space.xl,
    borderBottomWidth: 1,
  },
  title: { flexShrink: 1 },
  page: {
    width: "100%",
    maxWidth: breakpoints.tablet + 200,
    alignSelf: "center",
    padding: space.xl,
    paddingBottom: space.xxxl,
    gap: space.xl,
  },
});

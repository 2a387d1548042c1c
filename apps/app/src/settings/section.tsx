import { space } from "@molt/brand";
import type { ReactNode } from "react";
import { StyleSheet, View } from "react-native";
import { Card } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";

/** One card of the settings. */
export function Section({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Card label={title}>
      <View style={s.head}>
        <Text kind="heading" level={2} style={s.title}>
          {title}
        </Text>
        {aside}
      </View>
      {children}
    </Card>
  );
}

/** A fact with its name. */
export function Line({
  name,
  mono = false,
  children,
}: {
  name: string;
  mono?: boolean;
  children: ReactNode;
}) {
  return (
    <View style={s.line}>
      <Text tone="muted" style={s.name}>
        {name}
      </Text>
      <Text kind={mono ? "code" : "body"} selectable style={s.value}>
        {children}
      </Text>
    </View>
  );
}

const s = StyleSheet.create({
  head: { flexDirection: "row", alignItems: "center", gap: space.m },
  title: { flex: 1 },
  line: { flexDirection: "row", flexWrap: "wrap", columnGap: space.l },
  name: { width: 130 },
  value: { flexShrink: 1 },
});

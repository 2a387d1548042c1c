import { space } from "@molt/brand";
import type { ReactNode } from "react";
import { StyleSheet, View } from "react-native";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";

/** One group of the catalogue. */
export function Shelf({ title, children }: { title: string; children: ReactNode }) {
  const c = useColors();
  return (
    <View style={[s.shelf, { borderColor: c.line }]}>
      <Text kind="heading" level={2}>
        {title}
      </Text>
      {children}
    </View>
  );
}

const s = StyleSheet.create({
  shelf: { gap: space.l, paddingTop: space.xl, borderTopWidth: 1 },
});

import { radius, space } from "@molt/brand";
import type { ReactNode } from "react";
import { Modal, Platform, Pressable, ScrollView, StyleSheet, View } from "react-native";
import { IconButton } from "./button.tsx";
import { useRoomy } from "./layout.ts";
import { Text } from "./text.tsx";
import { useColors } from "./theme.ts";
import { useReducedMotion } from "./use-reduced-motion.ts";
import { motionOf, web } from "./web.ts";

export interface SheetProps {
  title: string;
  open: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A panel above the page: from below on a phone, in the middle where there is room. Esc closes it. */
export function Sheet({ title, open, onClose, children }: SheetProps) {
  const c = useColors();
  const roomy = useRoomy();
  // On the web a sheet goes when its fading has ended: where nothing may move that end never comes.
  const fade = useReducedMotion() ? "none" : "fade";
  // A browser's Modal is the dialog itself and only wants its name; a phone's is a bare layer.
  const named = { "aria-label": title };
  const dialog = Platform.OS === "web" ? {} : { role: "dialog" as const, "aria-modal": true, ...named };
  return (
    <Modal visible={open} transparent animationType={fade} onRequestClose={onClose} {...web(named)}>
      <View style={[s.veil, roomy ? s.middle : s.below]}>
        {/* A tap beside the sheet closes it; whoever does not see that has the button and Esc. */}
        <Pressable aria-hidden tabIndex={-1} onPress={onClose} style={[StyleSheet.absoluteFill, s.dim]} />
        <View
          {...dialog}
          style={[
            s.panel,
            roomy ? s.panelWide : s.panelPhone,
            { backgroundColor: c.surface, borderColor: c.line },
          ]}
          {...motionOf("rise")}
        >
          <View style={s.head}>
            <Text kind="heading" level={2} style={s.title}>
              {title}
            </Text>
            <IconButton icon="close" label="Close" onPress={onClose} />
          </View>
          <ScrollView style={s.body} contentContainerStyle={s.content} {...web({ tabIndex: 0 })}>
            {children}
          </ScrollView>
        </View>
      </View>
    </Modal>
  );
}

const s = StyleSheet.create({
  veil: { flex: 1 },
  dim: { backgroundColor: "rgba(6, 14, 16, 0.5)" },
  middle: { alignItems: "center", justifyContent: "center", padding: space.xl },
  below: { justifyContent: "flex-end" },
  panel: { borderWidth: 1, maxHeight: "82%" },
  panelWide: { width: 620, maxWidth: "100%", borderRadius: radius.l, borderTopLeftRadius: radius.hinge },
  panelPhone: { borderTopLeftRadius: radius.hinge, borderTopRightRadius: radius.l },
  head: { flexDirection: "row", alignItems: "center", padding: space.l, paddingLeft: space.xl },
  title: { flex: 1 },
  body: { flexShrink: 1 },
  content: { padding: space.xl, paddingTop: 0, gap: space.m },
});

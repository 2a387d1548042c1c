import type { Message } from "@molt/contract";
import { useRef } from "react";
import { StyleSheet, View } from "react-native";
import { Text } from "../ui/text.tsx";

/** Tells a screen reader each new whole answer, once and politely. Not the stream: that would never end. */
export function Spoken({ messages }: { messages: readonly Message[] }) {
  const last = messages.findLast((m) => m.role === "bot");
  const first = useRef(last?.id);
  const fresh = last !== undefined && last.id !== first.current;
  return (
    <View aria-live="polite" style={s.hidden}>
      <Text>{fresh ? `Your bot says: ${last.text.slice(0, 600)}` : ""}</Text>
    </View>
  );
}

const s = StyleSheet.create({
  hidden: { position: "absolute", width: 1, height: 1, overflow: "hidden", opacity: 0, left: -10 },
});

import { MAX_MESSAGE_CHARS } from "@molt/contract";
import { radius, space, touchTarget } from "@molt/brand";
import { useImperativeHandle, useLayoutEffect, useRef, useState, type Ref } from "react";
import { Platform, Pressable, StyleSheet, TextInput, View } from "react-native";
import { Icon } from "../ui/icon.tsx";
import { Text, textStyle } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { web } from "../ui/web.ts";
import { keyMeans, type Key } from "./composer-keys.ts";

export interface ComposerHandle {
  focus(): void;
}

export interface ComposerProps {
  value: string;
  onChange: (text: string) => void;
  onSend: (text: string) => void;
  /** Present while the bot works. */
  onStop?: (() => void) | undefined;
  onFocus?: () => void;
  placeholder?: string;
  ref?: Ref<ComposerHandle>;
}

const maxHeight = 200;

/** Where one writes. Never disabled: what is written while nobody listens waits its turn. */
export function Composer(props: ComposerProps) {
  const { value, onChange, onSend, onStop, onFocus, placeholder = "Write to your bot", ref } = props;
  const c = useColors();
  const input = useRef<TextInput>(null);
  const [focused, setFocused] = useState(false);
  useImperativeHandle(ref, () => ({ focus: () => input.current?.focus() }));
  useGrowing(input, value);

  const tooMany = value.trim().length - MAX_MESSAGE_CHARS;
  const ready = value.trim() !== "" && tooMany <= 0;
  const send = () => {
    if (ready) onSend(value.trim());
  };
  return (
    <View style={s.wrap}>
      <TooLong by={tooMany} />
      <View
        style={[
          s.box,
          { backgroundColor: c.surface, borderColor: focused ? c.focus : c.edge },
          focused && web({ boxShadow: "0 0 0 3px var(--thoughtSoft)" }),
        ]}
      >
        <TextInput
          ref={input}
          testID="composer"
          aria-label="Message"
          multiline
          value={value}
          onChangeText={onChange}
          onFocus={() => {
            setFocused(true);
            onFocus?.();
          }}
          onBlur={() => setFocused(false)}
          {...keys(send, onStop)}
          placeholder={placeholder}
          placeholderTextColor={c.muted}
          style={[textStyle("body"), s.input, { color: c.text }]}
          {...web({ rows: 1 })}
        />
        {onStop ? <Round icon="stop" label="Stop" ink={c.text} fill={c.sunken} onPress={onStop} /> : null}
        <SendButton ready={ready} onPress={send} />
      </View>
    </View>
  );
}

/** A phone's Enter is a new line; there the button sends. */
function keys(send: () => void, stop: (() => void) | undefined): object {
  return web({
    onKeyPress(event: { nativeEvent: Key; preventDefault(): void }) {
      const meaning = keyMeans(event.nativeEvent);
      if (meaning === "stop") stop?.();
      if (meaning !== "send") return;
      event.preventDefault();
      send();
    },
  });
}

function TooLong({ by }: { by: number }) {
  if (by <= 0) return null;
  return (
    <Text kind="small" tone="danger" aria-live="polite">
      {by.toLocaleString()} characters too many for one message.
    </Text>
  );
}

function SendButton({ ready, onPress }: { ready: boolean; onPress: () => void }) {
  const c = useColors();
  const [ink, fill] = ready ? [c.onShell, c.shell] : [c.muted, c.sunken];
  return <Round icon="send" label="Send message" ink={ink} fill={fill} off={!ready} onPress={onPress} />;
}

interface RoundProps {
  icon: "stop" | "send";
  label: string;
  ink: string;
  fill: string;
  off?: boolean;
  onPress: () => void;
}

function Round({ icon, label, ink, fill, off = false, onPress }: RoundProps) {
  return (
    <Pressable
      role="button"
      aria-label={label}
      disabled={off}
      onPress={onPress}
      style={[s.round, { backgroundColor: fill }]}
      {...web({ title: label, dataSet: { hover: "" } })}
    >
      <Icon name={icon} size={20} color={ink} />
    </Pressable>
  );
}

/** A browser's text area does not grow by itself everywhere; a phone's does. */
function useGrowing(input: { current: TextInput | null }, value: string): void {
  useLayoutEffect(() => {
    if (Platform.OS !== "web") return;
    // On the web the host of a TextInput is the element itself.
    const area = input.current as unknown as HTMLTextAreaElement | null;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight, maxHeight)}px`;
  }, [input, value]);
}

const s = StyleSheet.create({
  wrap: { gap: space.xs, alignSelf: "stretch" },
  box: {
    flexDirection: "row",
    alignItems: "flex-end",
    gap: space.xs,
    padding: 6,
    borderWidth: 1,
    borderRadius: radius.l + 4,
    borderBottomRightRadius: radius.hinge,
  },
  input: { flex: 1, minHeight: touchTarget, maxHeight, paddingVertical: 9, paddingHorizontal: space.m },
  round: {
    width: touchTarget,
    height: touchTarget,
    alignItems: "center",
    justifyContent: "center",
    borderRadius: radius.m + 3,
    borderBottomRightRadius: radius.hinge,
  },
});

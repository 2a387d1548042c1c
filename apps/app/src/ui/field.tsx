import { radius, space } from "@molt/brand";
import { useId, useState, type Ref } from "react";
import { StyleSheet, TextInput, View, type TextInputProps } from "react-native";
import { Text, textStyle } from "./text.tsx";
import { useColors } from "./theme.ts";
import { web } from "./web.ts";

export interface FieldProps extends Omit<TextInputProps, "style"> {
  label: string;
  hint?: string;
  error?: string | undefined;
  ref?: Ref<TextInput>;
  /** Wide-set digits, for one-time codes. */
  code?: boolean;
}

/** A labelled input. What is wrong stands below it in words and is read out with it. */
export function Field({ label, hint, error, ref, code, ...input }: FieldProps) {
  const c = useColors();
  const [focused, setFocused] = useState(false);
  const id = useId();
  const edge = error ? c.danger : focused ? c.focus : c.edge;
  const note = error ?? hint;
  return (
    <View style={s.wrap}>
      <Text kind="label" nativeID={`${id}-label`}>
        {label}
      </Text>
      <TextInput
        ref={ref}
        aria-label={label}
        placeholderTextColor={c.muted}
        {...input}
        {...web({ "aria-invalid": Boolean(error), ...(note && { "aria-describedby": `${id}-note` }) })}
        onFocus={(e) => {
          setFocused(true);
          input.onFocus?.(e);
        }}
        onBlur={(e) => {
          setFocused(false);
          input.onBlur?.(e);
        }}
        style={[
          textStyle(code ? "code" : "body"),
          s.input,
          code && s.code,
          { color: c.text, backgroundColor: c.surface, borderColor: edge },
          focused && web({ boxShadow: `0 0 0 3px ${error ? c.dangerSoft : c.thoughtSoft}` }),
        ]}
      />
      {note ? (
        <Text
          kind="small"
          tone={error ? "danger" : "muted"}
          nativeID={`${id}-note`}
          {...(error ? { "aria-live": "polite" as const } : {})}
        >
          {note}
        </Text>
      ) : null}
    </View>
  );
}

const s = StyleSheet.create({
  wrap: { gap: 6, alignSelf: "stretch" },
  input: {
    minHeight: 48,
    paddingHorizontal: space.l,
    paddingVertical: 10,
    borderWidth: 1,
    borderRadius: radius.m,
    borderTopLeftRadius: radius.hinge,
  },
  code: { fontSize: 24, lineHeight: 32, letterSpacing: 10, textAlign: "center" },
});

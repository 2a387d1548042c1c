import { radius, space, touchTarget } from "@molt/brand";
import { Pressable, StyleSheet, View } from "react-native";
import { Text } from "./text.tsx";
import { useColors } from "./theme.ts";
import { web, type PressState } from "./web.ts";

export interface SegmentedProps<T extends string> {
  label: string;
  value: T;
  options: readonly { readonly value: T; readonly label: string }[];
  onChange: (value: T) => void;
}

/** One choice of a few, all of them in sight. Arrow keys are the browser's: each option is a tab stop. */
export function Segmented<T extends string>({ label, value, options, onChange }: SegmentedProps<T>) {
  const c = useColors();
  return (
    <View
      role="radiogroup"
      aria-label={label}
      style={[s.row, { backgroundColor: c.sunken, borderColor: c.line }]}
    >
      {options.map((option) => {
        const on = option.value === value;
        const style = ({ hovered }: PressState) => [
          s.option,
          on && { backgroundColor: c.surface, borderColor: c.edge },
          !on && hovered && { backgroundColor: c.line },
        ];
        return (
          <Pressable
            key={option.value}
            role="radio"
            aria-checked={on}
            aria-label={option.label}
            onPress={() => onChange(option.value)}
            style={style as never}
            {...web({ dataSet: { hover: "" } })}
          >
            <Text kind="label" tone={on ? "text" : "muted"}>
              {option.label}
            </Text>
          </Pressable>
        );
      })}
    </View>
  );
}

const s = StyleSheet.create({
  row: {
    flexDirection: "row",
    alignSelf: "flex-start",
    padding: 3,
    gap: 3,
    borderWidth: 1,
    borderRadius: radius.m,
    borderTopLeftRadius: radius.hinge,
  },
  option: {
    minHeight: touchTarget - 8,
    paddingHorizontal: space.l,
    alignItems: "center",
    justifyContent: "center",
    borderRadius: radius.m - 3,
    borderTopLeftRadius: radius.hinge,
    borderWidth: 1,
    borderColor: "transparent",
  },
});

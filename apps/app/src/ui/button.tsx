import { radius, space, touchTarget } from "@molt/brand";
import type { Palette } from "@molt/brand";
import { useId } from "react";
import { Pressable, StyleSheet, View, type ViewStyle } from "react-native";
import { Icon, type IconName } from "./icon.tsx";
import { Spinner } from "./spinner.tsx";
import { Text } from "./text.tsx";
import { useColors } from "./theme.ts";
import { web, type PressState } from "./web.ts";

export type ButtonKind = "primary" | "quiet" | "ghost" | "danger";

export interface ButtonProps {
  label: string;
  onPress: () => void;
  kind?: ButtonKind;
  icon?: IconName;
  /** Shows a spinner and takes no second press. */
  busy?: boolean;
  /** A button that cannot be pressed says why, below itself and to screen readers. */
  disabledReason?: string | undefined;
  small?: boolean;
  /** Full width on every screen. */
  wide?: boolean;
  testID?: string;
}

function look(kind: ButtonKind, c: Palette): { bg: string; ink: string; edge: string } {
  switch (kind) {
    case "primary":
      return { bg: c.shell, ink: c.onShell, edge: c.shell };
    case "danger":
      return { bg: c.surface, ink: c.danger, edge: c.danger };
    case "quiet":
      return { bg: c.surface, ink: c.text, edge: c.edge };
    case "ghost":
      return { bg: "transparent", ink: c.text, edge: "transparent" };
  }
}

export function Button(props: ButtonProps) {
  const { label, onPress, kind = "primary", icon, busy = false, disabledReason, small, wide, testID } = props;
  const c = useColors();
  const hintId = useId();
  const off = busy || disabledReason !== undefined;
  const { bg, ink, edge } =
    disabledReason === undefined ? look(kind, c) : { bg: c.sunken, ink: c.muted, edge: c.line };
  const style = ({ pressed, hovered }: PressState): ViewStyle[] => [
    s.base,
    small ? s.small : s.large,
    { backgroundColor: hovered && kind === "ghost" ? c.sunken : bg, borderColor: edge },
    ...(pressed && !off ? [s.pressed] : []),
    ...(hovered && !off && kind !== "ghost" ? [s.hovered] : []),
  ];
  return (
    <View style={wide ? s.wide : s.fit}>
      <Pressable
        role="button"
        aria-label={label}
        disabled={disabledReason !== undefined}
        aria-busy={busy}
        testID={testID}
        onPress={off ? undefined : onPress}
        style={style as never}
        {...web({ dataSet: { hover: "" }, ...(disabledReason && { "aria-describedby": hintId }) })}
      >
        {busy ? <Spinner color={ink} size={16} /> : icon ? <Icon name={icon} size={18} color={ink} /> : null}
        <Text kind={small ? "label" : "strong"} style={{ color: ink }} numberOfLines={1}>
          {label}
        </Text>
      </Pressable>
      {disabledReason ? (
        <Text kind="small" tone="muted" nativeID={hintId} center style={s.hint}>
          {disabledReason}
        </Text>
      ) : null}
    </View>
  );
}

/** A round or square control that shows an icon only. Its name is not optional. */
export function IconButton(props: {
  icon: IconName;
  label: string;
  onPress: () => void;
  tone?: keyof Palette;
  size?: number;
}) {
  const { icon, label, onPress, tone = "muted", size = touchTarget } = props;
  const c = useColors();
  const style = ({ hovered, pressed }: PressState) => [
    s.icon,
    { width: size, height: size, backgroundColor: hovered || pressed ? c.sunken : "transparent" },
  ];
  return (
    <Pressable
      role="button"
      aria-label={label}
      onPress={onPress}
      style={style as never}
      {...web({ title: label })}
    >
      <Icon name={icon} size={size >= touchTarget ? 20 : 17} color={c[tone]} />
    </Pressable>
  );
}

const s = StyleSheet.create({
  base: {
    flexDirection: "row",
    alignItems: "center",
    justifyContent: "center",
    gap: space.s,
    borderWidth: 1,
    borderRadius: radius.m,
    borderBottomRightRadius: radius.hinge,
  },
  large: { minHeight: 48, paddingHorizontal: space.xl },
  small: { minHeight: touchTarget, paddingHorizontal: space.l },
  pressed: { transform: [{ scale: 0.98 }] },
  hovered: { transform: [{ translateY: -1 }] },
  wide: { alignSelf: "stretch" },
  fit: { alignSelf: "flex-start" },
  hint: { marginTop: space.xs },
  icon: { alignItems: "center", justifyContent: "center", borderRadius: radius.s },
});

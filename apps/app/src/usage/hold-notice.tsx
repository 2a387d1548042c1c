import { space } from "@molt/brand";
import type { BudgetView } from "@molt/contract";
import type { ReactNode } from "react";
import { StyleSheet, View } from "react-native";
import { sayError } from "../session/api.ts";
import { Button } from "../ui/button.tsx";
import { Banner } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { holdTitle } from "./budget-words.ts";
import { useBudget, useHold } from "./use-budget.ts";

/** The stop of the signed-in user's bot. Draws nothing while it may spend. */
export function HoldNotice({ children }: { children?: ReactNode }) {
  const hold = useBudget()?.hold;
  const { mutate, isPending, error } = useHold();
  if (!hold) return null;
  return (
    <HoldBanner
      hold={hold}
      busy={isPending}
      trouble={error ? sayError(error) : undefined}
      onResume={() => mutate("resume")}
    >
      {children}
    </HoldBanner>
  );
}

export interface HoldBannerProps {
  hold: NonNullable<BudgetView["hold"]>;
  busy: boolean;
  /** Why it could not be lifted. */
  trouble: string | undefined;
  onResume: () => void;
  /** More that one can do about it. */
  children?: ReactNode;
}

/** Why the bot asks no model, and the one tap that lets it go on; an operator's stop is not the user's to lift. */
export function HoldBanner({ hold, busy, trouble, onResume, children }: HoldBannerProps) {
  const liftable = hold.reason !== "operator";
  const action = (
    <View style={s.action}>
      <View style={s.row}>
        {liftable ? <Button label="Let it go on" small busy={busy} onPress={onResume} /> : null}
        {children}
      </View>
      {trouble ? (
        <Text kind="small" tone="danger" role="alert">
          {trouble}
        </Text>
      ) : null}
    </View>
  );
  return (
    <Banner
      tone={hold.reason === "user" ? "thought" : "amber"}
      title={holdTitle(hold.reason)}
      action={liftable || children ? action : null}
    >
      {hold.message}
    </Banner>
  );
}

const s = StyleSheet.create({
  action: { gap: space.xs },
  row: { flexDirection: "row", flexWrap: "wrap", gap: space.s },
});

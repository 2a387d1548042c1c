import { space } from "@molt/brand";
import type { BudgetView } from "@molt/contract";
import { useState } from "react";
import { StyleSheet, View } from "react-native";
import { sayError } from "../session/api.ts";
import { Button } from "../ui/button.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { Card } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { useNow } from "../ui/use-now.ts";
import { limitsOf } from "./budget-words.ts";
import { CapsForm } from "./caps-form.tsx";
import { Meter } from "./meter.tsx";
import { charge } from "./usage-format.ts";
import { useHold, useSetCaps } from "./use-budget.ts";

/** What the bot may still spend, and the two things one can do about it: change it, or stop it. */
export function BudgetCard({ budget }: { budget: BudgetView }) {
  const [editing, setEditing] = useState(false);
  const pause = useHold();
  return (
    <Card label="Limits">
      <View style={s.head}>
        <Text kind="heading" level={2} style={s.title}>
          Limits
        </Text>
        <Button label="Change" kind="quiet" small onPress={() => setEditing(true)} />
      </View>
      <Meters budget={budget} />
      {budget.hold ? null : (
        <View style={s.pause}>
          <Button
            label="Pause spending"
            kind="quiet"
            icon="stop"
            small
            busy={pause.isPending}
            onPress={() => pause.mutate("pause")}
          />
          <Text kind="small" tone="muted" style={s.words}>
            Until you let it go on, your bot asks no model and cannot answer.
          </Text>
        </View>
      )}
      {pause.isError ? (
        <Text kind="small" tone="danger" role="alert">
          {sayError(pause.error)}
        </Text>
      ) : null}
      <Sheet title="Limits" open={editing} onClose={() => setEditing(false)}>
        <CapsEditor budget={budget} onDone={() => setEditing(false)} />
      </Sheet>
    </Card>
  );
}

function CapsEditor({ budget, onDone }: { budget: BudgetView; onDone: () => void }) {
  const { mutate, isPending, error } = useSetCaps();
  return (
    <CapsForm
      budget={budget}
      busy={isPending}
      trouble={error ? sayError(error) : undefined}
      onSave={(changes) =>
        Object.keys(changes).length === 0 ? onDone() : mutate(changes, { onSuccess: onDone })
      }
      onCancel={onDone}
    />
  );
}

/** The month, the day, the part of the day without anybody there, and what a single task may take. */
export function Meters({ budget }: { budget: BudgetView }) {
  const now = useNow(60_000);
  return (
    <View style={s.meters}>
      {limitsOf(budget, new Date(now)).map((limit) => (
        <Meter key={limit.kind} limit={limit} />
      ))}
      <Text kind="small" tone="muted">
        {`A single task may take up to ${charge(budget.runCapPicos)}. At a limit your bot stops and says so; nothing is lost.`}
      </Text>
    </View>
  );
}

const s = StyleSheet.create({
  head: { flexDirection: "row", alignItems: "center", gap: space.m },
  title: { flex: 1 },
  meters: { gap: space.l },
  pause: {
    flexDirection: "row",
    flexWrap: "wrap",
    alignItems: "center",
    columnGap: space.l,
    rowGap: space.s,
  },
  words: { flexGrow: 1, flexShrink: 1, flexBasis: 240 },
});

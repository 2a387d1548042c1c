import { space } from "@molt/brand";
import type { BudgetView } from "@molt/contract";
import { useState } from "react";
import { StyleSheet, View } from "react-native";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { useRoomy } from "../ui/layout.ts";
import { Text } from "../ui/text.tsx";
import { capOf, dollarsTyped } from "./budget-words.ts";

const fields = [
  { key: "monthCapPicos", label: "A month, in dollars", hint: "By calendar, in UTC." },
  { key: "dayCapPicos", label: "A day, in dollars", hint: "So that one bad day cannot use up the month." },
  {
    key: "unattendedDayCapPicos",
    label: "A day without you, in dollars",
    hint: "For its schedule, its heartbeat and its helpers. A part of the day.",
  },
  { key: "runCapPicos", label: "A single task, in dollars", hint: "One message and all it sets going." },
] as const;

type Key = (typeof fields)[number]["key"];
type Typed = Record<Key, string>;

export interface CapsFormProps {
  budget: BudgetView;
  busy: boolean;
  /** Why they were not saved. */
  trouble: string | undefined;
  /** The caps that changed, and only these; perhaps none. */
  onSave: (changes: Partial<Typed>) => void;
  onCancel: () => void;
}

/** The limits in what one pays. Wrong input is named at its field. */
export function CapsForm({ budget, busy, trouble, onSave, onCancel }: CapsFormProps) {
  const roomy = useRoomy();
  const [typed, setTyped] = useState<Typed>(() => typedOf(budget));
  const [tried, setTried] = useState(false);
  const submit = () => {
    setTried(true);
    const changes = changesOf(budget, typed);
    if (changes && !busy) onSave(changes);
  };
  return (
    <View style={s.form}>
      <Text tone="muted">
        What you pay, × 1.2 included. A call starts only when its highest possible price still fits.
      </Text>
      <View style={[s.fields, roomy && s.fieldsRoomy]}>
        {fields.map(({ key, label, hint }) => {
          const cap = capOf(typed[key]);
          return (
            <View key={key} style={roomy ? s.half : null}>
              <Field
                label={label}
                hint={hint}
                error={tried && "problem" in cap ? cap.problem : undefined}
                value={typed[key]}
                onChangeText={(text) => setTyped({ ...typed, [key]: text })}
                onSubmitEditing={submit}
                inputMode="decimal"
                maxLength={12}
              />
            </View>
          );
        })}
      </View>
      {trouble ? (
        <Text kind="small" tone="danger" role="alert">
          {trouble}
        </Text>
      ) : null}
      <View style={s.buttons}>
        <Button label="Save limits" busy={busy} onPress={submit} />
        <Button label="Cancel" kind="ghost" onPress={onCancel} />
      </View>
    </View>
  );
}

function typedOf(budget: BudgetView): Typed {
  return {
    monthCapPicos: dollarsTyped(budget.monthCapPicos),
    dayCapPicos: dollarsTyped(budget.dayCapPicos),
    unattendedDayCapPicos: dollarsTyped(budget.unattendedDayCapPicos),
    runCapPicos: dollarsTyped(budget.runCapPicos),
  };
}

/** Null when something typed is no amount. A field that reads as before keeps its exact cap. */
function changesOf(budget: BudgetView, typed: Typed): Partial<Typed> | null {
  const changes: Partial<Typed> = {};
  for (const { key } of fields) {
    const cap = capOf(typed[key]);
    if ("problem" in cap) return null;
    if (typed[key].trim() !== dollarsTyped(budget[key])) changes[key] = cap.picos;
  }
  return changes;
}

const s = StyleSheet.create({
  form: { gap: space.l },
  fields: { gap: space.l },
  fieldsRoomy: { flexDirection: "row", flexWrap: "wrap", columnGap: space.xl },
  half: { flexGrow: 1, flexBasis: 240 },
  buttons: { flexDirection: "row", flexWrap: "wrap", gap: space.s },
});

import { space } from "@molt/brand";
import { botSteps } from "@molt/contract";
import { StyleSheet, View } from "react-native";
import { stepWords } from "../chat/bot-words.ts";
import { Icon } from "../ui/icon.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";

/** The six steps in words: done, at work, to come. */
export function StepList({ done }: { done: number }) {
  const c = useColors();
  const steps = botSteps.slice(0, -1);
  return (
    <View role="list" aria-label="Steps" style={s.list}>
      {steps.map((step, i) => {
        const state = i < done ? "done" : i === done ? "now" : "later";
        return (
          <View key={step} role="listitem" aria-label={`${stepWords(step)}: ${spoken[state]}`} style={s.step}>
            <View style={s.icon}>
              {state === "done" ? (
                <Icon name="check" size={18} color={c.kelp} />
              ) : state === "now" ? (
                <Spinner color={c.shell} size={16} />
              ) : (
                <View style={[s.dot, { backgroundColor: c.line }]} />
              )}
            </View>
            <Text kind={state === "now" ? "strong" : "body"} tone={state === "later" ? "muted" : "text"}>
              {stepWords(step)}
            </Text>
          </View>
        );
      })}
    </View>
  );
}

const spoken = { done: "done", now: "in progress", later: "to come" };

const s = StyleSheet.create({
  list: { gap: space.xs, alignSelf: "center" },
  step: { flexDirection: "row", alignItems: "center", gap: space.m, minHeight: 32 },
  icon: { width: 20, height: 20, alignItems: "center", justifyContent: "center" },
  dot: { width: 8, height: 8, borderRadius: 4 },
});

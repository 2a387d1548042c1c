import { space } from "@molt/brand";
import type { UsageCall } from "@molt/contract";
import { StyleSheet, View, type ViewStyle } from "react-native";
import { useRoomy } from "../ui/layout.ts";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { causeWords, charge, moment, shortCount, stateWords } from "./usage-format.ts";

/** The latest calls, one a line. A phone shows what matters; a desk shows all of it. */
export function CallTable({
  calls,
  label = "Latest calls",
}: {
  calls: readonly UsageCall[];
  label?: string;
}) {
  const c = useColors();
  const roomy = useRoomy();
  const columns = roomy ? ["When", "Why", "Model", "In", "Out", "Charge"] : ["When", "Why", "Charge"];
  return (
    <View role="table" aria-label={label}>
      <View role="row" style={[s.row, { borderColor: c.line }]}>
        {columns.map((name) => (
          <View key={name} role={"columnheader" as "cell"} style={widthOf(name)}>
            <Text kind="label" tone="muted" style={isNumber(name) && s.right}>
              {name}
            </Text>
          </View>
        ))}
      </View>
      {calls.map((call) => (
        <View key={call.id} role="row" style={[s.row, { borderColor: c.line }]}>
          {columns.map((name) => (
            <View key={name} role="cell" style={widthOf(name)}>
              <Text
                kind="small"
                numberOfLines={roomy ? 1 : 2}
                style={isNumber(name) && s.right}
                tone={name === "Charge" || name === "Why" ? "text" : "muted"}
              >
                {valueOf(call, name)}
              </Text>
            </View>
          ))}
        </View>
      ))}
    </View>
  );
}

function valueOf(call: UsageCall, column: string): string {
  switch (column) {
    case "When":
      return moment(call.at);
    case "Why":
      return causeWords(call.cause);
    case "Model":
      return call.model;
    case "In":
      return shortCount(call.tokensIn + call.cacheReadTokens + call.cacheWriteTokens);
    case "Out":
      return shortCount(call.tokensOut);
    default:
      return [stateWords(call.state), charge(call.costPicos)].filter(Boolean).join(" ");
  }
}

const isNumber = (column: string) => column === "In" || column === "Out" || column === "Charge";

function widthOf(column: string): ViewStyle {
  if (column === "In" || column === "Out") return { width: 64 };
  if (column === "Charge") return { width: 128 };
  return { flex: column === "Model" ? 1.6 : 1.2, minWidth: 0 };
}

const s = StyleSheet.create({
  row: { flexDirection: "row", alignItems: "center", gap: space.m, minHeight: 44, borderBottomWidth: 1 },
  right: { textAlign: "right" },
});

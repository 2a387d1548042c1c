import { space } from "@molt/brand";
import { setLanguage, type Language, type Me } from "@molt/contract";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { StyleSheet, View } from "react-native";
import { sayError } from "../session/api.ts";
import { meKey } from "../session/me.ts";
import { useDoors } from "../session/session.ts";
import { Segmented } from "../ui/segmented.tsx";
import { Text } from "../ui/text.tsx";

const options: readonly { value: Language; label: string }[] = [
  { value: "en", label: "English" },
  { value: "de", label: "Deutsch" },
];

/** In which language we write. Shown at once, taken back when the api refuses. */
export function MailLanguage({ language }: { language: Language }) {
  const { api } = useDoors();
  const queries = useQueryClient();
  const show = (next: Language) =>
    queries.setQueryData<Me>(meKey, (me) => me && { ...me, user: { ...me.user, language: next } });
  const change = useMutation({
    mutationFn: (next: Language) => api.call(setLanguage, { language: next }),
    onMutate: async (next) => {
      await queries.cancelQueries({ queryKey: meKey });
      show(next);
      return language;
    },
    onSuccess: (answer) => show(answer.language),
    onError: (_error, _next, before) => before && show(before),
  });
  return (
    <View style={s.wrap}>
      <View style={s.line}>
        <Text tone="muted" style={s.name}>
          Mails in
        </Text>
        <Segmented
          label="Language of mails"
          value={language}
          options={options}
          onChange={(next) => next !== language && change.mutate(next)}
        />
      </View>
      {change.isError ? (
        <Text kind="small" tone="danger" role="alert">
          {sayError(change.error)}
        </Text>
      ) : null}
    </View>
  );
}

const s = StyleSheet.create({
  wrap: { gap: space.xs },
  line: {
    flexDirection: "row",
    flexWrap: "wrap",
    alignItems: "center",
    columnGap: space.l,
    rowGap: space.xs,
  },
  name: { width: 130 },
});

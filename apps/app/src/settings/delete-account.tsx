import { space } from "@molt/brand";
import { deleteAccount, type Me } from "@molt/contract";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "expo-router";
import { useState } from "react";
import { StyleSheet, View } from "react-native";
import { sayError } from "../session/api.ts";
import { useDoors } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Sheet } from "../ui/sheet.tsx";
import { Text } from "../ui/text.tsx";
import { useFarewell } from "./farewell.ts";
import { Section } from "./section.tsx";
import { isSameAddress } from "./settings-words.ts";

/** The last door. What goes is said before it is asked, and the address is typed by hand. */
export function DeleteAccount({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  return (
    <Section title="Delete account">
      <Text tone="muted">
        Ends the subscription and removes your bot with everything it knows. This cannot be undone.
      </Text>
      <Button label="Delete my account" kind="danger" small onPress={() => setOpen(true)} />
      <Sheet title="Delete your account?" open={open} onClose={() => setOpen(false)}>
        <Confirm email={me.user.email} onKeep={() => setOpen(false)} />
      </Sheet>
    </Section>
  );
}

/** Said before it is asked. */
const losses = [
  "Your bot: its machine, its memory, its files and its schedule.",
  "Every message between you and it, and what each of them cost.",
  "Your subscription, at once. Tokens used until now are billed one last time.",
  "Your sign-in, on every device.",
] as const;

function Losses() {
  return (
    <>
      <Text>This is what goes, and nobody can bring it back:</Text>
      <View role="list" style={s.list}>
        {losses.map((loss) => (
          <View key={loss} role="listitem" style={s.loss}>
            <Text tone="danger" aria-hidden>
              –
            </Text>
            <Text style={s.words}>{loss}</Text>
          </View>
        ))}
      </View>
    </>
  );
}

function Confirm({ email, onKeep }: { email: string; onKeep: () => void }) {
  const { api } = useDoors();
  const router = useRouter();
  const [typed, setTyped] = useState("");
  const end = useMutation({
    mutationFn: () => api.call(deleteAccount, { email: typed.trim() }),
    onSuccess() {
      useFarewell.setState({ said: true });
      router.replace("/goodbye");
    },
  });
  const matches = isSameAddress(typed, email);
  const submit = () => {
    if (matches && !end.isPending) end.mutate();
  };
  return (
    <View style={s.all}>
      <Losses />
      <Field
        label={`Type ${email} to confirm`}
        value={typed}
        onChangeText={setTyped}
        onSubmitEditing={submit}
        inputMode="email"
        autoCapitalize="none"
        autoCorrect={false}
        autoComplete="off"
        maxLength={254}
      />
      {end.isError ? (
        <Text kind="small" tone="danger" role="alert">
          {sayError(end.error)}
        </Text>
      ) : null}
      <View style={s.buttons}>
        <Button
          label={end.isPending ? "Deleting" : "Delete for ever"}
          kind="danger"
          busy={end.isPending}
          disabledReason={matches ? undefined : "Type your address first."}
          onPress={submit}
        />
        <Button label="Keep my account" kind="ghost" onPress={onKeep} />
      </View>
    </View>
  );
}

const s = StyleSheet.create({
  all: { gap: space.l },
  list: { gap: space.s },
  loss: { flexDirection: "row", gap: space.s },
  words: { flex: 1 },
  buttons: { flexDirection: "row", flexWrap: "wrap", alignItems: "flex-start", gap: space.s },
});

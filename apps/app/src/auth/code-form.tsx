import { space } from "@molt/brand";
import type { GoTrueClient as AuthClient } from "@supabase/auth-js";
import { useState } from "react";
import { StyleSheet, View } from "react-native";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Banner } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { useNow } from "../ui/use-now.ts";
import { tidyCode } from "./check-form.ts";
import { resendCode, verifyCode, type CodeType } from "./verbs.ts";

/** The auth service sends to one address at most once a minute. */
const resendAfterMs = 60_000;

export interface CodeFormProps {
  auth: AuthClient;
  email: string;
  type: CodeType;
  onBack: () => void;
}

/** Six digits from the mail. Sends itself when the sixth is there. */
export function CodeForm({ auth, email, type, onBack }: CodeFormProps) {
  const [code, setCode] = useState("");
  const [refusal, setRefusal] = useState<string | undefined>();
  const [busy, setBusy] = useState<"check" | "send" | null>(null);
  const [sentAt, setSentAt] = useState(() => Date.now());
  const wait = Math.ceil((sentAt + resendAfterMs - useNow(1000)) / 1000);

  async function check(token: string) {
    if (busy !== null) return;
    setBusy("check");
    const outcome = await verifyCode(auth, email, { token, type });
    setBusy(null);
    if (outcome.kind === "refused") setRefusal(outcome.reason);
  }
  async function resend() {
    setBusy("send");
    const outcome = await resendCode(auth, email, type);
    setBusy(null);
    setRefusal(outcome.kind === "refused" ? outcome.reason : undefined);
    if (outcome.kind === "code-sent") setSentAt(Date.now());
  }
  function enterCode(text: string) {
    const next = tidyCode(text);
    setCode(next);
    setRefusal(undefined);
    if (next.length === 6 && next !== code) void check(next);
  }

  return (
    <View style={s.form}>
      <View style={s.words}>
        <Text kind="title" level={1}>
          Check your mail
        </Text>
        <Text tone="muted">
          We sent six digits to <Text kind="strong">{email.trim()}</Text>. They are good for ten minutes.
        </Text>
      </View>
      <Field
        label="Code from the mail"
        code
        value={code}
        onChangeText={enterCode}
        inputMode="numeric"
        autoComplete="one-time-code"
        autoFocus
        maxLength={12}
        onSubmitEditing={() => void check(code)}
      />
      {refusal ? (
        <Banner tone="danger" title="Not this one">
          {refusal}
        </Banner>
      ) : null}
      <Button
        label="Go on"
        wide
        busy={busy === "check"}
        onPress={() => void check(code)}
        disabledReason={code.length < 6 ? "All six digits, please." : undefined}
      />
      <View style={s.row}>
        <Button label="Another address" kind="ghost" icon="left" small onPress={onBack} />
        {wait > 0 ? (
          <Text kind="small" tone="muted" style={s.wait}>
            New code in {wait} s
          </Text>
        ) : (
          <Button
            label="Send a new code"
            kind="ghost"
            icon="mail"
            small
            busy={busy === "send"}
            onPress={() => void resend()}
          />
        )}
      </View>
    </View>
  );
}

const s = StyleSheet.create({
  form: { gap: space.l },
  words: { gap: space.xs },
  row: {
    flexDirection: "row",
    flexWrap: "wrap",
    alignItems: "center",
    justifyContent: "space-between",
    minHeight: 44,
  },
  wait: { paddingRight: space.s },
});

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
  const [checking, setChecking] = useState(false);

  async function check(token: string) {
    if (checking) return;
    setChecking(true);
    const outcome = await verifyCode(auth, email, { token, type });
    setChecking(false);
    if (outcome.kind === "refused") setRefusal(outcome.reason);
  }
  function enterCode(text: string) {
    const next = tidyCode(text);
    setCode(next);
    setRefusal(undefined);
    if (next.length === 6 && next !== code) void check(next);
  }
  return (
    <View style={s.form}>
      <Words email={email} />
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
      {refusal ? <Refusal>{refusal}</Refusal> : null}
      <Button
        label="Go on"
        wide
        busy={checking}
        onPress={() => void check(code)}
        disabledReason={code.length < 6 ? "All six digits, please." : undefined}
      />
      <View style={s.row}>
        <Button label="Another address" kind="ghost" icon="left" small onPress={onBack} />
        <Resend again={() => resendCode(auth, email, type)} onRefusal={setRefusal} />
      </View>
    </View>
  );
}

function Refusal({ children }: { children: string }) {
  return (
    <Banner tone="danger" title="Not this one">
      {children}
    </Banner>
  );
}

function Words({ email }: { email: string }) {
  return (
    <View style={s.words}>
      <Text kind="title" level={1}>
        Check your mail
      </Text>
      <Text tone="muted">
        We sent six digits to <Text kind="strong">{email.trim()}</Text>. They are good for ten minutes.
      </Text>
    </View>
  );
}

interface ResendProps {
  again: () => ReturnType<typeof resendCode>;
  onRefusal: (reason: string | undefined) => void;
}

/** Counts down to the next mail that may be asked for. */
function Resend({ again, onRefusal }: ResendProps) {
  const [sentAt, setSentAt] = useState(() => Date.now());
  const [sending, setSending] = useState(false);
  const wait = Math.ceil((sentAt + resendAfterMs - useNow(1000)) / 1000);
  async function resend() {
    setSending(true);
    const outcome = await again();
    setSending(false);
    onRefusal(outcome.kind === "refused" ? outcome.reason : undefined);
    if (outcome.kind === "code-sent") setSentAt(Date.now());
  }
  if (wait > 0) {
    return (
      <Text kind="small" tone="muted" style={s.wait}>
        New code in {wait} s
      </Text>
    );
  }
  return (
    <Button
      label="Send a new code"
      kind="ghost"
      icon="mail"
      small
      busy={sending}
      onPress={() => void resend()}
    />
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

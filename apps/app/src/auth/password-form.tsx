import { space } from "@molt/brand";
import type { GoTrueClient as AuthClient } from "@supabase/auth-js";
import { useRef, useState } from "react";
import { StyleSheet, View, type TextInput } from "react-native";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Banner } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { checkEmail, checkForm, minPassword, type FormErrors } from "./check-form.ts";
import { sendCode, signIn, signUp, type CodeType, type Outcome } from "./verbs.ts";

type Mode = "in" | "up";

export interface PasswordFormProps {
  auth: AuthClient;
  onCodeSent: (email: string, type: CodeType) => void;
}

const words = {
  in: { title: "Welcome back", lead: "Your bot kept everything you told it.", go: "Sign in" },
  up: {
    title: "Get your own bot",
    lead: "First an account. The bot is two minutes away.",
    go: "Create account",
  },
} satisfies Record<Mode, { title: string; lead: string; go: string }>;

export function PasswordForm({ auth, onCodeSent }: PasswordFormProps) {
  const [mode, setMode] = useState<Mode>("in");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [errors, setErrors] = useState<FormErrors>({});
  const [refusal, setRefusal] = useState<string | null>(null);
  const [busy, setBusy] = useState<"password" | "code" | null>(null);
  const passwordField = useRef<TextInput>(null);

  async function run(which: "password" | "code", found: FormErrors, ask: () => Promise<Outcome>) {
    setErrors(found);
    setRefusal(null);
    if (busy !== null || Object.keys(found).length > 0) return;
    setBusy(which);
    const outcome = await ask();
    setBusy(null);
    if (outcome.kind === "refused") setRefusal(outcome.reason);
    if (outcome.kind === "code-sent") onCodeSent(email, outcome.type);
  }

  const submit = () =>
    run("password", checkForm({ email, password, isNew: mode === "up" }), () =>
      (mode === "up" ? signUp : signIn)(auth, { email, password }),
    );
  const byMail = () => {
    const wrong = checkEmail(email);
    return run("code", wrong ? { email: wrong } : {}, () => sendCode(auth, email));
  };
  const change = (next: Mode) => {
    setMode(next);
    setErrors({});
    setRefusal(null);
  };

  return (
    <View style={s.form}>
      <View style={s.words}>
        <Text kind="title" level={1}>
          {words[mode].title}
        </Text>
        <Text tone="muted">{words[mode].lead}</Text>
      </View>
      <Segmented
        label="Sign in or create an account"
        value={mode}
        onChange={change}
        options={[
          { value: "in", label: "Sign in" },
          { value: "up", label: "Create account" },
        ]}
      />
      {refusal ? (
        <Banner tone="danger" title="That did not work">
          {refusal}
        </Banner>
      ) : null}
      <Field
        label="E-mail"
        value={email}
        onChangeText={setEmail}
        error={errors.email}
        placeholder="you@example.org"
        autoComplete="email"
        inputMode="email"
        autoCapitalize="none"
        spellCheck={false}
        onSubmitEditing={() => passwordField.current?.focus()}
        submitBehavior="submit"
      />
      <Field
        ref={passwordField}
        label="Password"
        value={password}
        onChangeText={setPassword}
        error={errors.password}
        {...(mode === "up" && { hint: `At least ${minPassword} characters.` })}
        autoComplete={mode === "up" ? "new-password" : "current-password"}
        secureTextEntry
        onSubmitEditing={() => void submit()}
      />
      <Button label={words[mode].go} wide busy={busy === "password"} onPress={() => void submit()} />
      <Button
        label="E-mail me a code instead"
        kind="ghost"
        icon="mail"
        wide
        busy={busy === "code"}
        onPress={() => void byMail()}
      />
    </View>
  );
}

const s = StyleSheet.create({
  form: { gap: space.l },
  words: { gap: space.xs },
});

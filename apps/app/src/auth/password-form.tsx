import { space } from "@molt/brand";
import { useRef } from "react";
import { StyleSheet, View, type TextInput } from "react-native";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Banner } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { minPassword } from "./check-form.ts";
import { usePasswordForm, type Mode, type PasswordFormProps } from "./use-password-form.ts";

const words = {
  in: { title: "Welcome back", lead: "Your bot kept everything you told it.", go: "Sign in" },
  up: {
    title: "Get your own bot",
    lead: "First an account. The bot is two minutes away.",
    go: "Create account",
  },
} satisfies Record<Mode, { title: string; lead: string; go: string }>;

/** E-mail and password, for a new account or an old one, or a code by mail. */
export function PasswordForm(props: PasswordFormProps) {
  const form = usePasswordForm(props);
  const { mode } = form;
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
        onChange={form.change}
        options={[
          { value: "in", label: "Sign in" },
          { value: "up", label: "Create account" },
        ]}
      />
      {form.refusal ? (
        <Banner tone="danger" title="That did not work">
          {form.refusal}
        </Banner>
      ) : null}
      <Fields form={form} />
      <Button
        label={words[mode].go}
        wide
        busy={form.busy === "password"}
        onPress={() => void form.submit()}
      />
      <Button
        label="E-mail me a code instead"
        kind="ghost"
        icon="mail"
        wide
        busy={form.busy === "code"}
        onPress={() => void form.byMail()}
      />
    </View>
  );
}

function Fields({ form }: { form: ReturnType<typeof usePasswordForm> }) {
  const passwordField = useRef<TextInput>(null);
  const { fields, errors, mode } = form;
  return (
    <>
      <Field
        label="E-mail"
        value={fields.email}
        onChangeText={fields.setEmail}
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
        value={fields.password}
        onChangeText={fields.setPassword}
        error={errors.password}
        {...(mode === "up" && { hint: `At least ${minPassword} characters.` })}
        autoComplete={mode === "up" ? "new-password" : "current-password"}
        secureTextEntry
        onSubmitEditing={() => void form.submit()}
      />
    </>
  );
}

const s = StyleSheet.create({
  form: { gap: space.l },
  words: { gap: space.xs },
});

/** The state of the sign-in form and what its two buttons do. */
import type { GoTrueClient as AuthClient } from "@supabase/auth-js";
import { useState } from "react";
import { checkEmail, checkForm, type FormErrors } from "./check-form.ts";
import { sendCode, signIn, signUp, type CodeType, type Outcome } from "./verbs.ts";

export type Mode = "in" | "up";

export interface PasswordFormProps {
  auth: AuthClient;
  onCodeSent: (email: string, type: CodeType) => void;
}

export function usePasswordForm({ auth, onCodeSent }: PasswordFormProps) {
  const [mode, setMode] = useState<Mode>("in");
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const [errors, setErrors] = useState<FormErrors>({});
  const [refusal, setRefusal] = useState<string | null>(null);
  const [busy, setBusy] = useState<"password" | "code" | null>(null);

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

  return {
    mode,
    change(next: Mode) {
      setMode(next);
      setErrors({});
      setRefusal(null);
    },
    fields: { email, setEmail, password, setPassword },
    errors,
    refusal,
    busy,
    submit: () =>
      run("password", checkForm({ email, password, isNew: mode === "up" }), () =>
        (mode === "up" ? signUp : signIn)(auth, { email, password }),
      ),
    byMail() {
      const wrong = checkEmail(email);
      return run("code", wrong ? { email: wrong } : {}, () => sendCode(auth, email));
    },
  };
}

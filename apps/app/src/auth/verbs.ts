/** What the sign-in screen can ask for. Each answers with a sentence on failure and never throws one. */
import type { GoTrueClient as AuthClient } from "@supabase/auth-js";
import { tidyEmail } from "./check-form.ts";
import { sayAuthError } from "./error-texts.ts";
import type { MailLink } from "./read-link.ts";

export type Outcome =
  | { readonly kind: "signed-in" }
  /** A mail with six digits is on its way; `type` is what the code confirms. */
  | { readonly kind: "code-sent"; readonly type: CodeType }
  | { readonly kind: "refused"; readonly reason: string; readonly code: string | undefined };

export type CodeType = "signup" | "email";

export interface Credentials {
  readonly email: string;
  readonly password: string;
}

/** What this device speaks: the language of the mails to somebody who is new. */
const said = () => ({ language: Intl.DateTimeFormat().resolvedOptions().locale });

const refused = (error: { code?: string | undefined }): Outcome => ({
  kind: "refused",
  reason: sayAuthError(error),
  code: error.code,
});

export async function signIn(auth: AuthClient, { email, password }: Credentials): Promise<Outcome> {
  const { error } = await auth.signInWithPassword({ email: tidyEmail(email), password });
  return error ? refused(error) : { kind: "signed-in" };
}

/** Where addresses must be confirmed, the service answers with a user and no session. */
export async function signUp(auth: AuthClient, { email, password }: Credentials): Promise<Outcome> {
  const { data, error } = await auth.signUp({ email: tidyEmail(email), password, options: { data: said() } });
  if (error) return refused(error);
  return data.session ? { kind: "signed-in" } : { kind: "code-sent", type: "signup" };
}

/** Also the way to create an account without a password. */
export async function sendCode(auth: AuthClient, email: string): Promise<Outcome> {
  const { error } = await auth.signInWithOtp({ email: tidyEmail(email), options: { data: said() } });
  return error ? refused(error) : { kind: "code-sent", type: "email" };
}

export async function resendCode(auth: AuthClient, email: string, type: CodeType): Promise<Outcome> {
  if (type === "email") return sendCode(auth, email);
  const { error } = await auth.resend({ email: tidyEmail(email), type: "signup" });
  return error ? refused(error) : { kind: "code-sent", type };
}

/** What the link of a mail does: the same as its code. */
export async function openLink(auth: AuthClient, { type, tokenHash }: MailLink): Promise<Outcome> {
  const { error } = await auth.verifyOtp({ token_hash: tokenHash, type });
  if (error?.code === "otp_expired")
    return {
      kind: "refused",
      code: error.code,
      reason: "This link is used up or too old. Ask for a new mail.",
    };
  return error ? refused(error) : { kind: "signed-in" };
}

export async function verifyCode(
  auth: AuthClient,
  email: string,
  check: { token: string; type: CodeType },
): Promise<Outcome> {
  const { error } = await auth.verifyOtp({ email: tidyEmail(email), ...check });
  return error ? refused(error) : { kind: "signed-in" };
}

/** What we say when the auth service says no. One sentence each: what happened, what to do. */

const tooMany = "Too many tries in a short time. Wait a few minutes, then try again.";

const texts: Record<string, string> = {
  invalid_credentials:
    "That e-mail and password do not belong together. Check both, or sign in with a code by mail.",
  email_not_confirmed: "This address is not confirmed yet. Ask for a code by mail to confirm it.",
  user_already_exists: "There is already an account with this e-mail. Sign in instead.",
  email_exists: "There is already an account with this e-mail. Sign in instead.",
  weak_password: "This password is too easy to guess. Take at least 8 characters, the longer the better.",
  same_password: "The new password is the old one. Choose another.",
  otp_expired: "This code is wrong or no longer valid. Check the digits, or ask for a new one.",
  otp_disabled: "There is no account with this e-mail yet. Create one first.",
  signup_disabled: "New accounts are closed at the moment. Please come back later.",
  user_banned: "This account is locked. Write to us if you think that is a mistake.",
  session_expired: "You were signed in for a long time. Please sign in again.",
  session_not_found: "You were signed out. Please sign in again.",
  refresh_token_not_found: "You were signed out. Please sign in again.",
  refresh_token_already_used: "You were signed out to keep your account safe. Please sign in again.",
  over_request_rate_limit: tooMany,
  over_email_send_rate_limit: "A mail is on its way already. You can ask for another one in a minute.",
  email_address_invalid: "This does not look like an e-mail address. Check for a typo.",
  email_address_not_authorized: "We cannot send mail to this address. Try another one.",
  reauthentication_needed: "Please sign in again before you change this.",
  current_password_required: "Enter your present password as well.",
  captcha_failed: "The check for robots failed. Reload the page and try again.",
  bad_jwt: "Your sign-in is no longer valid. Please sign in again.",
  flow_state_expired: "This sign-in link is too old. Ask for a new code.",
  flow_state_not_found: "This sign-in link was opened on another device. Ask for a code instead.",
  validation_failed: "Something in the form is missing or misspelt. Check your e-mail address.",
  request_timeout: "The sign-in service takes too long to answer. Try again in a moment.",
  unexpected_failure: "The sign-in service had a problem. Try again in a moment.",
};

/** The codes of the reference list, for the test that every one has a text. */
export const knownCodes: readonly string[] = Object.keys(texts);

interface AuthFailure {
  readonly code?: string | undefined;
  readonly name?: string;
  readonly status?: number | undefined;
}

/** A sentence for any error of auth-js. An unknown code is shown, so that it can be reported. */
export function sayAuthError(error: unknown): string {
  const failure = (typeof error === "object" && error !== null ? error : {}) as AuthFailure;
  const known = failure.code === undefined ? undefined : texts[failure.code];
  if (known !== undefined) return known;
  if (failure.name === "AuthRetryableFetchError")
    return "No connection to the sign-in service. Check your network and try again.";
  if (failure.status === 429) return tooMany;
  return failure.code
    ? `Sign-in did not work (${failure.code}). Try again in a moment.`
    : "Sign-in did not work. Try again in a moment.";
}

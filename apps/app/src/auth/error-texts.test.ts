import assert from "node:assert/strict";
import { test } from "node:test";
import { knownCodes, sayAuthError } from "./error-texts.ts";

/** supabase/auth internal/api/apierrors/errorcode.go, the codes this product can meet. */
const required =
  "invalid_credentials email_not_confirmed user_already_exists email_exists weak_password same_password otp_expired otp_disabled signup_disabled user_banned session_expired session_not_found refresh_token_not_found refresh_token_already_used over_request_rate_limit over_email_send_rate_limit email_address_invalid email_address_not_authorized reauthentication_needed current_password_required captcha_failed bad_jwt flow_state_expired flow_state_not_found validation_failed request_timeout unexpected_failure".split(
    " ",
  );

test("every code of the sign-in service has a sentence, and no sentence shows a code", () => {
  for (const code of required) {
    assert.ok(knownCodes.includes(code), code);
    assert.match(sayAuthError({ code }), /^[A-Z].*\.$/);
    assert.ok(!sayAuthError({ code }).includes(code), code);
  }
});

test("an unknown code is told, so that it can be reported", () => {
  assert.match(sayAuthError({ code: "new_and_odd" }), /new_and_odd/);
});

test("a lost network is called a lost network, not a wrong password", () => {
  assert.match(sayAuthError({ name: "AuthRetryableFetchError", status: 0 }), /connection/);
});

test("a limit without a code still says to wait", () => {
  assert.match(sayAuthError({ status: 429 }), /Wait/);
});

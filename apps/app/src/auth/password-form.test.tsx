import { fireEvent, render, screen, waitFor } from "@testing-library/react";
import type { GoTrueClient } from "@supabase/auth-js";
import { expect, test, vi } from "vitest";
import "../testing/render.tsx";
import { CodeForm } from "./code-form.tsx";
import { PasswordForm } from "./password-form.tsx";

/** The few methods of auth-js that the forms call; the real client is tested against the real service end to end. */
const authOf = (methods: Partial<Record<keyof GoTrueClient, unknown>>) => methods as unknown as GoTrueClient;
const write = (label: string, text: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));

test("an empty form is not sent, and says what is missing beside each field", () => {
  const signInWithPassword = vi.fn();
  render(<PasswordForm auth={authOf({ signInWithPassword })} onCodeSent={vi.fn()} />);
  press("Sign in");
  expect(signInWithPassword).not.toHaveBeenCalled();
  expect(screen.getByText("Enter your e-mail address.")).toBeTruthy();
  expect(screen.getByText("Enter your password.")).toBeTruthy();
});

test("a wrong password is told in words, and what was typed stays", async () => {
  const signInWithPassword = vi.fn().mockResolvedValue({ data: {}, error: { code: "invalid_credentials" } });
  render(<PasswordForm auth={authOf({ signInWithPassword })} onCodeSent={vi.fn()} />);
  write("E-mail", " Ada@Example.org ");
  write("Password", "not this one");
  press("Sign in");
  const alert = await screen.findByRole("alert");
  expect(alert.textContent).toContain("do not belong together");
  expect(signInWithPassword).toHaveBeenCalledWith({ email: "ada@example.org", password: "not this one" });
  expect(screen.getByLabelText<HTMLInputElement>("E-mail").value).toBe("Ada@Example.org");
});

test("a new account wants eight characters, and a mail when the address must be confirmed", async () => {
  const onCodeSent = vi.fn();
  const signUp = vi.fn().mockResolvedValue({ data: { user: {}, session: null }, error: null });
  render(<PasswordForm auth={authOf({ signUp })} onCodeSent={onCodeSent} />);
  fireEvent.click(screen.getByRole("radio", { name: "Create account" }));
  write("E-mail", "ada@example.org");
  write("Password", "short");
  press("Create account");
  expect(signUp).not.toHaveBeenCalled();
  write("Password", "long enough now");
  press("Create account");
  await waitFor(() => expect(onCodeSent).toHaveBeenCalledWith("ada@example.org", "signup"));
});

test("a code by mail needs an address and no password", async () => {
  const onCodeSent = vi.fn();
  const signInWithOtp = vi.fn().mockResolvedValue({ data: {}, error: null });
  render(<PasswordForm auth={authOf({ signInWithOtp })} onCodeSent={onCodeSent} />);
  write("E-mail", "ada@example.org");
  press("E-mail me a code instead");
  await waitFor(() => expect(onCodeSent).toHaveBeenCalledWith("ada@example.org", "email"));
});

test("the sixth digit sends the code; a wrong one is told and can be typed again", async () => {
  const verifyOtp = vi.fn().mockResolvedValue({ data: {}, error: { code: "otp_expired" } });
  render(<CodeForm auth={authOf({ verifyOtp })} email="ada@example.org" type="signup" onBack={vi.fn()} />);
  write("Code from the mail", "12 34 5");
  expect(verifyOtp).not.toHaveBeenCalled();
  write("Code from the mail", "123 456");
  expect((await screen.findByRole("alert")).textContent).toContain("ask for a new one");
  expect(verifyOtp).toHaveBeenCalledWith({ email: "ada@example.org", token: "123456", type: "signup" });
});

test("a new code can be asked for after a minute, not before", () => {
  vi.useFakeTimers();
  render(<CodeForm auth={authOf({})} email="ada@example.org" type="email" onBack={vi.fn()} />);
  expect(screen.queryByRole("button", { name: "Send a new code" })).toBeNull();
  expect(screen.getByText(/New code in 60 s/)).toBeTruthy();
  vi.useRealTimers();
});

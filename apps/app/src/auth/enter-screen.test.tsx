import type { GoTrueClient as AuthClient } from "@supabase/auth-js";
import { fireEvent, render, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import "../testing/render.tsx";
import { LinkQuestion } from "./enter-screen.tsx";

const link = { type: "magiclink", tokenHash: "a".repeat(40) } as const;

/** Of the client only what the screen asks for. */
function shown(verifyOtp: () => Promise<unknown>) {
  const onDone = vi.fn();
  render(
    <LinkQuestion
      auth={{ verifyOtp } as unknown as AuthClient}
      link={link}
      onDone={onDone}
      onCode={vi.fn()}
    />,
  );
  return onDone;
}

test("the link of a mail is used when it is pressed, and not when it is opened", async () => {
  const verifyOtp = vi.fn().mockResolvedValue({ data: {}, error: null });
  const onDone = shown(verifyOtp);
  expect(screen.getByRole("heading", { level: 1, name: "Sign in here?" })).toBeTruthy();
  expect(verifyOtp).not.toHaveBeenCalled();
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  await vi.waitFor(() => expect(onDone).toHaveBeenCalledOnce());
  expect(verifyOtp).toHaveBeenCalledWith({ token_hash: link.tokenHash, type: "magiclink" });
});

test("a link that is used up says so, and stays where a code can be asked for", async () => {
  const onDone = shown(vi.fn().mockResolvedValue({ data: {}, error: { code: "otp_expired" } }));
  fireEvent.click(screen.getByRole("button", { name: "Sign in" }));
  expect(await screen.findByText(/used up or too old/)).toBeTruthy();
  expect(onDone).not.toHaveBeenCalled();
  expect(screen.getByRole("button", { name: "Use a code instead" })).toBeTruthy();
});

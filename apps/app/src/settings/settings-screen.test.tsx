import type { Me } from "@molt/contract";
import { fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { ApiError } from "../session/api.ts";
import { drawAsMember } from "../testing/render.tsx";
import { went } from "../testing/router.tsx";
import { useFarewell } from "./farewell.ts";
import { GoodbyeScreen } from "./goodbye-screen.tsx";
import { SettingsScreen } from "./settings-screen.tsx";

const me: Me = {
  user: { id: "u", email: "ada@example.org", createdAt: "2026-11-22T12:00:00.000Z", language: "en" },
  subscription: { status: "active", currentPeriodEnd: "2026-12-22T12:00:00.000Z", cancelAtPeriodEnd: false },
  bot: null,
};
const press = (name: string) => fireEvent.click(screen.getByRole("button", { name }));
const type = (text: string) =>
  fireEvent.change(screen.getByLabelText("Type ada@example.org to confirm"), { target: { value: text } });
const isOn = (name: string) => screen.getByRole("radio", { name }).getAttribute("aria-checked") === "true";

beforeEach(() => {
  went.splice(0);
  useFarewell.setState({ said: false });
});

test("the language of mails changes at once and is sent", async () => {
  const save = vi.fn((_input: unknown) => ({ language: "de" }));
  drawAsMember(<SettingsScreen />, { "/me": () => me, "/me/language": save });
  fireEvent.click(await screen.findByRole("radio", { name: "Deutsch" }));
  await waitFor(() => expect(isOn("Deutsch")).toBe(true));
  await waitFor(() => expect(save).toHaveBeenCalledWith({ language: "de" }));
});

test("a language that is refused goes back, with the reason", async () => {
  const refuse = () => {
    throw new ApiError("offline", "No connection to the server.");
  };
  drawAsMember(<SettingsScreen />, { "/me": () => me, "/me/language": refuse });
  fireEvent.click(await screen.findByRole("radio", { name: "Deutsch" }));
  expect((await screen.findByRole("alert")).textContent).toContain("No connection");
  expect(isOn("English")).toBe(true);
});

test("an account is deleted only after its address was typed, and one is led to the goodbye", async () => {
  const end = vi.fn((_input: unknown) => ({ deleted: true }));
  drawAsMember(<SettingsScreen />, { "/me": () => me, "/me/delete": end });
  fireEvent.click(await screen.findByRole("button", { name: "Delete my account" }));
  expect(await screen.findByText(/its machine, its memory/)).toBeTruthy();
  type("ada@example.com");
  press("Delete for ever");
  expect(screen.getByText("Type your address first.")).toBeTruthy();
  expect(end).not.toHaveBeenCalled();
  type(" Ada@example.org ");
  press("Delete for ever");
  await waitFor(() => expect(went).toEqual(["/goodbye"]));
  expect(end).toHaveBeenCalledWith({ email: "Ada@example.org" });
});

test("a deletion that fails says why, and everything is still there", async () => {
  const fail = () => {
    throw new ApiError("unavailable", "We cannot reach our records right now.");
  };
  drawAsMember(<SettingsScreen />, { "/me": () => me, "/me/delete": fail });
  fireEvent.click(await screen.findByRole("button", { name: "Delete my account" }));
  await screen.findByText(/its machine, its memory/);
  type("ada@example.org");
  press("Delete for ever");
  expect((await screen.findByRole("alert")).textContent).toContain("cannot reach our records");
  expect(went).toEqual([]);
});

test("the goodbye forgets the sign-in of this device, and tries again when that fails", async () => {
  useFarewell.setState({ said: true });
  const signOut = vi
    .fn()
    .mockResolvedValueOnce({ error: { name: "AuthRetryableFetchError", message: "" } })
    .mockResolvedValue({ error: null });
  drawAsMember(<GoodbyeScreen />, {}, { signOut });
  expect(screen.getByRole("heading", { name: "Goodbye" })).toBeTruthy();
  expect(await screen.findByRole("alert")).toBeTruthy();
  press("Forget me on this device");
  await waitFor(() => expect(screen.queryByRole("alert")).toBeNull());
  expect(signOut).toHaveBeenCalledTimes(2);
});

test("without a deletion there is no goodbye: one is led home", () => {
  drawAsMember(<GoodbyeScreen />);
  expect(screen.getByTestId("redirect").textContent).toBe("/");
});

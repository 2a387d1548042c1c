/** The steps of a person's way through the product, as a person takes them: by what is on the screen. */
import { expect, type Page } from "@playwright/test";
import type { Ready } from "../scripts/lib/running-copy.ts";

/** The copy that global-setup.ts started. */
export function copyUnderTest(): Ready {
  const described = process.env["MOLT_E2E"];
  if (!described) throw new Error("The journeys run through npm test, which starts a copy for them.");
  return JSON.parse(described) as Ready; // written by global-setup.ts
}

export const password = "correct horse battery staple";

export function newAddress(): string {
  return `ada.${crypto.randomUUID().slice(0, 8)}@example.com`;
}

export async function signUp(page: Page, app: string, email: string): Promise<void> {
  await page.goto(`${app}/sign-in`);
  await page.getByRole("radio", { name: "Create account" }).click();
  await page.getByRole("textbox", { name: "E-mail" }).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Create account" }).click();
  await page.waitForURL(/\/subscribe/);
}

export async function signIn(page: Page, app: string, email: string): Promise<void> {
  await page.goto(`${app}/sign-in`);
  await page.getByRole("textbox", { name: "E-mail" }).fill(email);
  await page.getByLabel("Password", { exact: true }).fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export async function openCheckout(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Get your bot" }).click();
  await page.waitForURL(/\/c\/pay\//);
}

export async function pay(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Pay $50.00" }).click();
  await page.waitForURL(/\/(welcome|chat)/);
}

/** A first birth boots a whole OpenClaw: 10 to 30 s on a small machine. */
export async function waitForChat(page: Page): Promise<void> {
  await page.waitForURL(/\/chat/, { timeout: 120_000 });
  await expect(page.getByTestId("composer")).toBeVisible();
}

export async function say(page: Page, text: string): Promise<void> {
  await page.getByTestId("composer").fill(text);
  await page.getByRole("button", { name: "Send message" }).click();
}

/** Runs in the page: writes down each text of the running reply as it is painted, however quick. */
const RECORDER = `
  window.moltSeen = [];
  new MutationObserver(() => {
    const text = document.querySelector('[data-testid="running-reply"]')?.textContent;
    if (text && text !== window.moltSeen.at(-1)) window.moltSeen.push(text);
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
`;

/** Sends a message and answers the different texts that its running reply showed, until it was finished. */
export async function sayAndWatch(page: Page, text: string): Promise<string[]> {
  await page.evaluate(RECORDER);
  const finished = page.getByTestId("bot-message");
  const before = await finished.count();
  await say(page, text);
  await expect(finished).toHaveCount(before + 1, { timeout: 90_000 });
  return page.evaluate<string[]>("window.moltSeen");
}

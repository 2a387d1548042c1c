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
  await page.goto(`${app}/sign-in?mode=sign-up`);
  await page.getByLabel("Email", { exact: false }).first().fill(email);
  await page.getByLabel("Password", { exact: false }).first().fill(password);
  await page.getByRole("button", { name: /create (my )?account|sign up/i }).click();
  await page.waitForURL(/\/subscribe/);
}

export async function signIn(page: Page, app: string, email: string): Promise<void> {
  await page.goto(`${app}/sign-in`);
  await page.getByLabel("Email", { exact: false }).first().fill(email);
  await page.getByLabel("Password", { exact: false }).first().fill(password);
  await page.getByRole("button", { name: /^sign in$/i }).click();
}

export async function openCheckout(page: Page): Promise<void> {
  await page.getByRole("button", { name: /subscribe|continue to payment|get my bot|pay/i }).first().click();
  await page.waitForURL(/\/(c|checkout|pay)\//);
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

/** The different texts that the running reply showed, until a finished message took its place. */
export async function watchReply(page: Page): Promise<string[]> {
  const seen: string[] = [];
  const running = page.getByTestId("running-reply");
  const finished = page.getByTestId("bot-message");
  const before = await finished.count();
  for (;;) {
    const text = await running.textContent({ timeout: 100 }).catch(() => undefined); // not there yet, or already done
    if (text && text !== seen.at(-1)) seen.push(text);
    if ((await finished.count()) > before && !(await running.isVisible())) return seen;
  }
}

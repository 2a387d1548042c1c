/** The rooms of the app, as one person walks through them with a real bot: four looks, four births. */
import { join } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { newAddress, openCheckout, pay, say, signUp, waitForChat } from "../../e2e/journey.ts";
import type { Ready } from "../lib/running-copy.ts";
import { folder } from "./folder.ts";

const looks = [
  { name: "desktop-light", viewport: { width: 1440, height: 900 }, colorScheme: "light" },
  { name: "desktop-dark", viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
  { name: "phone-light", viewport: { width: 390, height: 844 }, colorScheme: "light" },
  { name: "phone-dark", viewport: { width: 390, height: 844 }, colorScheme: "dark" },
] as const;

export async function takeRooms(browser: Browser, ready: Ready): Promise<void> {
  for (const look of looks) await walk(browser, ready, look);
}

async function walk(using: Browser, { urls }: Ready, look: (typeof looks)[number]): Promise<void> {
  const page = await using.newPage({
    viewport: look.viewport,
    colorScheme: look.colorScheme,
    reducedMotion: "reduce",
    isMobile: look.viewport.width < 700,
    hasTouch: look.viewport.width < 700,
  });
  const take = async (room: string) => {
    await page.evaluate("document.fonts.ready.then(() => true)");
    await page.screenshot({ path: join(folder, `${room}-${look.name}.png`) });
  };
  await page.goto(urls.landing, { waitUntil: "networkidle" });
  await take("landing");
  await page.goto(`${urls.app}/sign-in`, { waitUntil: "networkidle" });
  await take("sign-in");
  await signUp(page, urls.app, newAddress());
  await page.waitForLoadState("networkidle");
  await take("subscribe");
  await openCheckout(page);
  await take("checkout");
  await pay(page);
  await page
    .getByText(/\d+ s\b/)
    .first()
    .waitFor({ timeout: 20_000 });
  await take("provisioning");
  await waitForChat(page);
  await converse(page);
  await take("chat");
  await visit(page, `${urls.app}/brain`);
  await take("brain");
  await spend(page, urls.app, take);
  await page.goto(urls.mail, { waitUntil: "networkidle" });
  await take("mail");
  await page.close();
}

/** What is spent, its limits, a stop, and the settings with their last door. */
async function spend(page: Page, app: string, take: (name: string) => Promise<void>): Promise<void> {
  await visit(page, `${app}/usage`);
  await take("usage");
  await page.getByRole("button", { name: "Change" }).click();
  await page.getByRole("dialog").waitFor();
  await take("limits");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Pause spending" }).click();
  await page.getByRole("button", { name: "Let it go on" }).waitFor();
  await take("usage-held");
  await visit(page, `${app}/chat`);
  await page.getByRole("button", { name: "Let it go on" }).waitFor();
  await take("chat-held");
  await visit(page, `${app}/settings`);
  await take("settings");
  await page.getByRole("button", { name: "Delete my account" }).click();
  await page.getByRole("dialog").waitFor();
  await take("delete-account");
}

async function converse(page: Page): Promise<void> {
  for (const [index, text] of [
    "Hello! What can you do for me?",
    "Please remember that my sister likes orchids.",
  ].entries()) {
    await say(page, text);
    await page.getByTestId("bot-message").nth(index).waitFor({ timeout: 90_000 });
  }
}

async function visit(page: Page, url: string): Promise<void> {
  await page.goto(url, { waitUntil: "domcontentloaded" });
  await page.getByRole("main").waitFor();
  // The first picture of a mind takes its bot a few dozen reads.
  await page.waitForLoadState("networkidle", { timeout: 15_000 }).catch(() => undefined); // the socket's pings never end
}

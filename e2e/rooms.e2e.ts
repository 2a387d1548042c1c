/** Every room, on a phone and on a desk, in light and dark: nothing cut off, nothing axe objects to. */
import AxeBuilder from "@axe-core/playwright";
import { expect, type Page, test } from "@playwright/test";
import { copyUnderTest, newAddress, openCheckout, pay, sayAndWatch, signUp, waitForChat } from "./journey.ts";

const { urls } = copyUnderTest();
const looks = [
  { name: "phone, light", viewport: { width: 390, height: 844 }, colorScheme: "light" },
  { name: "desk, dark", viewport: { width: 1440, height: 900 }, colorScheme: "dark" },
] as const;

/** One person with a bot for all rooms: a birth takes half a minute. */
let page: Page;
/** What the pages' own policy stopped, in the browser's words. */
const forbidden: string[] = [];

function watchPolicy(shown: Page): Page {
  return shown.on("console", (said) => {
    if (said.text().includes("Content Security Policy")) forbidden.push(`${shown.url()}: ${said.text()}`);
  });
}

test.beforeAll(async ({ browser }) => {
  page = watchPolicy(await (await browser.newContext({ reducedMotion: "reduce" })).newPage());
  await signUp(page, urls.app, newAddress());
  await openCheckout(page);
  await pay(page);
  await waitForChat(page);
  await sayAndWatch(page, "Hello! What can you do for me?");
});
test.afterAll(() => page.close());

for (const { name, viewport, colorScheme } of looks) {
  for (const room of ["chat", "brain", "usage", "settings"]) {
    test(`${room} (${name}) fits and can be used by everybody`, async () => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(`${urls.app}/${room}`);
      await expect(page.getByRole("main")).toBeVisible();
      await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
      await expectUsable(page);
    });
  }
  for (const { room, opener, title } of [
    { room: "usage", opener: "Change", title: "Limits" },
    { room: "settings", opener: "Delete my account", title: "Delete your account?" },
  ]) {
    test(`the sheet "${title}" (${name}) fits and can be used by everybody`, async () => {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.goto(`${urls.app}/${room}`);
      await page.getByRole("button", { name: opener }).click();
      await expect(page.getByRole("dialog", { name: title })).toBeVisible();
      await expectUsable(page);
      await page.keyboard.press("Escape");
      await expect(page.getByRole("dialog", { name: title })).toBeHidden();
    });
  }
  test(`the public pages (${name}) fit and can be used by everybody`, async ({ browser }) => {
    const context = await browser.newContext({ viewport, colorScheme, reducedMotion: "reduce" });
    const visitor = watchPolicy(await context.newPage());
    for (const url of [
      urls.landing,
      `${urls.landing}/de`,
      `${urls.landing}/pricing`,
      `${urls.app}/sign-in`,
      `${urls.app}/enter`,
      urls.mail,
    ]) {
      await visitor.goto(url);
      await expect(visitor.locator("h1").first()).toBeVisible();
      await expectUsable(visitor);
    }
    await visitor.close();
  });
}

async function expectUsable(shown: Page): Promise<void> {
  const tooWide = await shown.evaluate<number>(
    "document.documentElement.scrollWidth - document.documentElement.clientWidth",
  );
  expect(tooWide, shown.url()).toBeLessThanOrEqual(0);
  const { violations } = await new AxeBuilder({ page: shown }).setLegacyMode().analyze();
  expect(violations.map(({ id, nodes }) => `${shown.url()} ${id}: ${nodes[0]?.html ?? ""}`)).toEqual([]);
  expect(forbidden).toEqual([]);
}

test("what the app shows of the bot is what the bot and the ledger say", async () => {
  await page.goto(`${urls.app}/brain`);
  await expect(page.getByText(/awake|live/i).first()).toBeVisible();
  await page.goto(`${urls.app}/usage`);
  await expect(page.getByTestId("usage-total")).toContainText("$");
  await page.goto(`${urls.app}/settings`);
  await expect(page.getByText(/@example\.com/)).toBeVisible();
});

test("a foreign or unknown address shows a page with a way back", async ({ browser }) => {
  const visitor = await browser.newPage();
  for (const site of [urls.landing, urls.app]) {
    const answer = await visitor.goto(`${site}/no-such-page`);
    expect(answer?.status()).toBe(404);
    await expect(visitor.getByRole("link").or(visitor.getByRole("button")).first()).toBeVisible();
  }
  await visitor.close();
});

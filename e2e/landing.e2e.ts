/** The way of somebody who only wants a place on the list, and what the public pages owe every reader. */
import { type BrowserContext, expect, type Page, test } from "@playwright/test";
import { copyUnderTest, newAddress } from "./journey.ts";

const { urls } = copyUnderTest();

/** Opens the newest mail to this address in the mailbox, as soon as it is there. */
async function openMail(page: Page, to: string, title: string): Promise<void> {
  await expect(async () => {
    await page.goto(`${urls.mail}/?to=${encodeURIComponent(to)}`);
    await expect(page.frameLocator("iframe").getByRole("heading", { name: title })).toBeVisible({
      timeout: 1_000,
    });
  }).toPass({ timeout: 15_000, intervals: [100, 250, 500] });
}

/** Clicks a link in the open mail; it leads to a page beside the mailbox. */
async function follow(context: BrowserContext, page: Page, link: string): Promise<Page> {
  const opened = context.waitForEvent("page");
  await page.frameLocator("iframe").getByRole("link", { name: link }).click();
  return opened;
}

test("somebody joins the waitlist, confirms, gets a place and a link for friends, and leaves again", async ({
  page,
  context,
}) => {
  const address = newAddress();
  await page.goto(`${urls.landing}/?utm_source=e2e#waitlist`);
  await page.getByRole("textbox", { name: "E-mail address" }).fill(address);
  await page.getByRole("button", { name: "Put me on the list" }).click();
  await expect(page.getByText(/Look into your mail/)).toBeVisible();

  await openMail(page, address, "Was it you?");
  const confirm = await follow(context, page, "Confirm my place");
  const link = confirm.url();
  expect(new URL(link).hash.length, "the token travels where no server sees it").toBeGreaterThan(20);
  await confirm.getByRole("button", { name: "Yes, put me on the list" }).click();
  await expect(confirm.getByRole("status")).toHaveText("You are on the list.");
  await expect(confirm.getByText("Your place", { exact: true })).toBeVisible();
  const friends = await confirm.getByText(/\?ref=[a-z0-9]{8}#waitlist$/).textContent();

  const friend = newAddress();
  await confirm.goto(friends ?? "");
  await confirm.getByRole("textbox", { name: "E-mail address" }).fill(friend);
  await confirm.getByRole("button", { name: "Put me on the list" }).click();
  await expect(confirm.getByText(/Look into your mail/)).toBeVisible();
  await openMail(page, friend, "Was it you?");

  await openMail(page, address, "Was it you?");
  const leave = await follow(context, page, "Remove my address");
  await leave.getByRole("button", { name: "Remove me" }).click();
  await expect(leave.getByText(/it is gone now/)).toBeVisible();
  await leave.goto("about:blank");
  await leave.goto(link);
  await leave.getByRole("button", { name: "Yes, put me on the list" }).click();
  await expect(leave.getByText(/This link is not valid any more/)).toBeVisible();
});

test("the home page can be read whole without a script, in both languages", async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const reader = await context.newPage();
  for (const language of ["", "/de"]) {
    await reader.goto(`${urls.landing}${language}`);
    for (const heading of await reader.getByRole("heading").all()) await expect(heading).toBeVisible();
    const [question] = await reader.locator("summary").all();
    await question?.click();
    await expect(reader.locator("details[open]")).toBeVisible();
  }
  await context.close();
});

/** Runs in the page: adds up what moved by itself, from the first paint on. */
const SHIFTS = `
  window.moltShift = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.moltShift += entry.value;
  }).observe({ type: "layout-shift", buffered: true });
`;

test("nothing on the home page moves while it loads and while somebody scrolls through it", async ({
  browser,
}) => {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 } });
  const reader = await context.newPage();
  await reader.addInitScript(SHIFTS);
  await reader.goto(urls.landing, { waitUntil: "networkidle" });
  const end = () => reader.evaluate<boolean>("scrollY + innerHeight >= document.body.scrollHeight - 2");
  for (let screens = 0; screens < 60 && !(await end()); screens += 1) {
    await reader.mouse.wheel(0, 500);
    await reader.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  }
  expect(await end(), "the end was reached").toBe(true);
  expect(await reader.evaluate<number>("window.moltShift")).toBeLessThan(0.001);
  await context.close();
});

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

/** Opens a friend's link, changes the language, reads the prices, comes back and joins: the friend still counts. */
async function joinAfterLookingAround(page: Page, link: string, address: string): Promise<void> {
  const { search, hash } = new URL(link);
  await page.goto(link);
  await clickHeader(page, "Deutsch", `/de${search}${hash}`);
  await clickHeader(page, "Preise", `/de/pricing${search}`);
  await clickHeader(page, "Molt-OS", `/de${search}`);
  await page.getByRole("textbox", { name: "E-Mail-Adresse" }).fill(address);
  const sent = page.waitForRequest((request) => request.url().endsWith("/waitlist"));
  await page.getByRole("button", { name: "Auf die Liste" }).click();
  expect((await sent).postDataJSON()).toMatchObject({ referredBy: search.slice("?ref=".length) });
  await expect(page.getByText(/Sieh in dein Postfach/)).toBeVisible();
}

/** Clicks a link of the header once the page's script runs: then the link to the other language has the query. */
async function clickHeader(page: Page, name: string, to: string): Promise<void> {
  await expect(page.locator("header a[hreflang]")).toHaveAttribute("href", /\?ref=/);
  await page.locator("header").getByRole("link", { name, exact: true }).click();
  await page.waitForURL(urls.landing + to);
}

test("somebody joins the waitlist, confirms, gets a place and a link for friends, and leaves again", async ({
  page,
  context,
}) => {
  const address = newAddress();
  await page.goto(`${urls.landing}/?utm_source=e2e#waitlist`);
  await page.getByRole("textbox", { name: "E-mail address" }).fill(address);
  await page.getByRole("button", { name: "Put me on the list" }).click();
  await expect(page.getByText(/Check your inbox/)).toBeVisible();

  await openMail(page, address, "Was it you?");
  const confirm = await follow(context, page, "Confirm my place");
  const link = confirm.url();
  expect(new URL(link).hash.length, "the token travels where no server sees it").toBeGreaterThan(20);
  await expect(confirm.getByRole("link", { name: "Deutsch" })).toHaveAttribute(
    "href",
    `/de/waitlist/confirm${new URL(link).hash}`,
  );
  await confirm.getByRole("button", { name: "Yes, put me on the list" }).click();
  await expect(confirm.getByRole("status")).toHaveText("You are on the list.");
  await expect(confirm.getByRole("status"), "where the button was, the reader goes on").toBeFocused();
  await expect(confirm.getByText("Your place", { exact: true })).toBeVisible();
  const friends = await confirm.getByText(/\?ref=[a-z0-9]{8}#waitlist$/).textContent();

  const friend = newAddress();
  await joinAfterLookingAround(confirm, friends ?? "", friend);
  await openMail(page, friend, "Warst du das?");

  await openMail(page, address, "Was it you?");
  const leave = await follow(context, page, "Remove my address");
  await leave.getByRole("button", { name: "Remove me" }).click();
  await expect(leave.getByText(/it is gone now/)).toBeVisible();
  await leave.goto("about:blank");
  await leave.goto(link);
  await leave.getByRole("button", { name: "Yes, put me on the list" }).click();
  await expect(leave.getByText(/This link is not valid any more/)).toBeVisible();
});

test("a link that was cut off on its way says so, whatever it was for", async ({ page }) => {
  for (const path of ["/waitlist/confirm", "/waitlist/leave", "/mail/unsubscribe"]) {
    await page.goto(`${urls.landing}${path}#short`);
    await expect(page.locator("header a[hreflang]")).toHaveAttribute("href", `/de${path}#short`);
    await page.locator("main button").click();
    await expect(page.getByRole("status")).toHaveText(
      "This link is not complete. Please open it from the mail again.",
    );
  }
});

test("a list that is full today does not tell people to wait a minute, and an invited person has no place", async ({
  page,
}) => {
  // Answers that take a thousand sign-ups, or an operator, to get; the api's own tests hold their shape.
  const refused = { code: "rate_limited", message: "", requestId: "r", retryable: true };
  await page.route("**/waitlist", (route) =>
    route.fulfill({ status: 429, json: { error: { ...refused, reason: "full_today" } } }),
  );
  await page.route("**/waitlist/confirm", (route) =>
    route.request().method() === "POST"
      ? route.fulfill({ json: { position: null, referralCode: "abcdefg2" } })
      : route.continue(),
  );
  await page.goto(`${urls.landing}/#waitlist`);
  await page.getByRole("textbox", { name: "E-mail address" }).fill(newAddress());
  await page.getByRole("button", { name: "Put me on the list" }).click();
  await expect(page.getByText("The list takes no more today. Please try again tomorrow.")).toBeVisible();
  await page.goto(`${urls.landing}/de/waitlist/confirm#${"x".repeat(43)}`);
  await page.getByRole("button", { name: "Ja, auf die Liste" }).click();
  await expect(page.getByRole("status")).toHaveText("Du bist eingeladen. Schau in deine Mails.");
  await expect(page.getByText("Dein Platz", { exact: true })).toBeHidden();
});

/** By its element: what stands in <noscript> is no text to getByText. */
async function expectNoScript(reader: Page, text: string | RegExp): Promise<void> {
  await expect(reader.locator("noscript p")).toBeVisible();
  await expect(reader.locator("noscript p")).toHaveText(text);
}

test("without a script no address gets into the address bar, and each button says what it needs", async ({
  browser,
}) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const reader = await context.newPage();
  await reader.goto(urls.landing);
  await reader.getByRole("textbox", { name: "E-mail address" }).fill("ann@example.com");
  await reader.getByRole("textbox", { name: "E-mail address" }).press("Enter");
  await expect(reader.getByRole("button", { name: "Put me on the list" })).toBeDisabled();
  await expectNoScript(reader, /^The form needs JavaScript/);
  expect(new URL(reader.url()).search).toBe("");
  await reader.goto(`${urls.landing}/de/waitlist/leave`);
  await expectNoScript(reader, "Dieser Knopf braucht JavaScript.");
  await context.close();
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

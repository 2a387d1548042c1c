/** Signing in by mail: the code and the link beside it. */
import { expect, test } from "@playwright/test";
import { copyUnderTest, newAddress } from "./journey.ts";

const { urls } = copyUnderTest();

test("the link of a sign-in mail survives whoever only opens it, signs in with one tap, and works once", async ({
  page,
  context,
  request,
}) => {
  const address = newAddress();
  await page.goto(`${urls.app}/sign-in`);
  await page.getByRole("textbox", { name: "E-mail" }).fill(address);
  await page.getByRole("button", { name: "E-mail me a code instead" }).click();
  await expect(page.getByRole("heading", { name: "Check your mail" })).toBeVisible();

  await expect(async () => {
    await page.goto(`${urls.mail}/?to=${encodeURIComponent(address)}`);
    await expect(page.frameLocator("iframe").getByText("The code works once")).toBeVisible({
      timeout: 1_000,
    });
  }).toPass({ timeout: 15_000, intervals: [100, 250, 500] });
  const button = page.frameLocator("iframe").getByRole("link", { name: /^(Sign in|Confirm my address)$/ });
  const link = (await button.getAttribute("href")) ?? "";
  expect(new URL(link).search, "no server sees the proof").toBe("");

  const scanner = await context.newPage();
  await request.get(link);
  await scanner.goto(link);
  await expect(scanner.getByRole("heading", { level: 1 })).toBeVisible();
  await scanner.close();

  await page.goto(link);
  await page.getByRole("button", { name: /^(Sign in|Confirm my address)$/ }).click();
  await page.waitForURL(/\/subscribe/);

  const other = await (await context.browser())?.newPage();
  await other?.goto(link);
  await other?.getByRole("button", { name: /^(Sign in|Confirm my address)$/ }).click();
  await expect(other?.getByText(/used up or too old/) ?? page.getByText("no browser")).toBeVisible();
  await other?.close();
});

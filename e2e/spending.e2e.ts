/**
 * What a person sees and decides of the money: totals that move, a limit that holds and is raised, a
 * stop and its end, the month as a file, and the last door. One bot goes through all of it.
 */
import { readFile } from "node:fs/promises";
import { expect, type Page, test } from "@playwright/test";
import { getUsage, type Usage } from "../packages/contract/src/index.ts";
import {
  copyUnderTest,
  newAddress,
  openCheckout,
  pay,
  say,
  sayAndWatch,
  signUp,
  waitForChat,
} from "./journey.ts";

const { urls } = copyUnderTest();
const email = newAddress();

/** The chat and the ledger of one person, on two screens at once. */
let chat: Page;
let ledger: Page;
let accessToken = "";

test.describe.serial("a person and the money of the bot", () => {
  test.beforeAll(async ({ browser }) => {
    const context = await browser.newContext({ reducedMotion: "reduce", acceptDownloads: true });
    chat = await context.newPage();
    chat.on("request", (request) => {
      const header = request.headers()["authorization"];
      if (request.url().startsWith(urls.api) && header) accessToken = header.replace("Bearer ", "");
    });
    await signUp(chat, urls.app, email);
    await openCheckout(chat);
    await pay(chat);
    await waitForChat(chat);
    ledger = await context.newPage();
    await ledger.goto(`${urls.app}/usage`);
  });
  test.afterAll(() => chat.context().close());

  test("an untouched ledger shows its limits, and the totals move without a reload", async () => {
    await expect(ledger.getByText("Nothing spent")).toBeVisible();
    await expect(ledger.getByRole("meter", { name: "This month" })).toHaveAttribute("aria-valuenow", "0");
    await sayAndWatch(chat, "Hello! What can you do for me?");
    await expect(ledger.getByTestId("usage-total")).toContainText("$0.");
    const first = await ledger.getByTestId("usage-total").textContent();
    await sayAndWatch(chat, "Tell me about lobsters, please.");
    await expect(ledger.getByTestId("usage-total")).not.toHaveText(first ?? "");
    await expect(ledger.getByRole("list", { name: "By message" })).toContainText("Tell me about lobsters");
  });

  test("the month as a file holds each call with the numbers of the ledger", async () => {
    await expect
      .poll(async () => (await readUsage()).recent.map((call) => call.state))
      .not.toContain("reserved");
    const waiting = ledger.waitForEvent("download");
    await ledger.getByRole("button", { name: "Download as CSV" }).click();
    const file = await waiting;
    const { month, recent, total } = await readUsage();
    expect(file.suggestedFilename()).toBe(`molt-usage-${month}.csv`);
    const rows = parseRows(await readFile(await file.path(), "utf8"));
    expect(rows.map((row) => row["call_id"])).toEqual(recent.map((call) => call.id).toReversed());
    for (const call of recent) {
      const row = rows.find(({ call_id: id }) => id === call.id);
      expect(row).toMatchObject({
        time_utc: call.at,
        message_id: call.messageId,
        model: call.model,
        tokens_in: String(call.tokensIn),
        tokens_out: String(call.tokensOut),
        cache_read_tokens: String(call.cacheReadTokens),
      });
      expect(picosOf(row?.["cost_usd"])).toBe(BigInt(call.costPicos));
    }
    expect(rows.reduce((sum, row) => sum + picosOf(row["cost_usd"]), 0n)).toBe(BigInt(total.costPicos));
  });

  test("a message stands where it was said when one comes from what it cost", async () => {
    await ledger.getByRole("button", { name: /Hello! What can you do for me\?/ }).click();
    await ledger.waitForURL(/\/chat\?message=/);
    await expect(ledger.getByTestId("user-message").first()).toBeInViewport();
    await ledger.getByRole("link", { name: "Usage" }).click();
  });

  test("a month's limit answers in the chat with a sentence, and its raise lets the bot go on", async () => {
    await changeMonthLimit("0.01");
    await say(chat, "Are you still there?");
    const told = chat.getByTestId("bot-message").last();
    await expect(told).toContainText(/usage limit reached/i, { timeout: 60_000 });
    await expect(told).toContainText(/this month/i);
    await expect(told).not.toContainText(/error|stack|402/i);
    await expect(told.getByRole("button", { name: "See the limits" })).toBeVisible();
    await changeMonthLimit("50");
    await expectAnswer("And now?");
  });

  test("a stop is told in the chat at once, and one tap there lets the bot go on", async () => {
    await ledger.getByRole("button", { name: "Pause spending" }).click();
    await expect(chat.getByText("Spending is paused")).toBeVisible();
    await say(chat, "Hello?");
    await expect(chat.getByTestId("bot-message").last()).toContainText(/usage limit reached/i, {
      timeout: 60_000,
    });
    await chat.getByRole("button", { name: "Let it go on" }).click();
    await expect(chat.getByText("Spending is paused")).toBeHidden();
    await expect(ledger.getByRole("button", { name: "Pause spending" })).toBeVisible();
    await expectAnswer("And now again?");
  });

  test("the account is closed from the settings, and its sign-in opens nothing any more", async () => {
    await ledger.goto(`${urls.app}/settings`);
    await ledger.getByRole("button", { name: "Delete my account" }).click();
    await ledger.getByLabel(`Type ${email} to confirm`).fill(email);
    await ledger.getByRole("button", { name: "Delete for ever" }).click();
    await expect(ledger.getByRole("heading", { name: "Goodbye" })).toBeVisible();
    await expect(ledger.getByRole("alert")).toHaveCount(0);
    // At once: also where this cuts off the sign-out behind the farewell, the device forgets the person.
    await ledger.goto(`${urls.app}/usage`);
    await ledger.waitForURL(/\/sign-in/);
    const answer = await chat.request.get(`${urls.api}/usage`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect([401, 410]).toContain(answer.status());
  });
});

/** The demo model repeats what it was told. Messages are not counted: the list keeps only those in sight. */
async function expectAnswer(text: string): Promise<void> {
  await say(chat, text);
  await expect(chat.getByTestId("bot-message").last()).toContainText(text, { timeout: 60_000 });
}

async function changeMonthLimit(dollars: string): Promise<void> {
  await ledger.getByRole("button", { name: "Change" }).click();
  await ledger.getByLabel("A month, in dollars").fill(dollars);
  await ledger.getByRole("button", { name: "Save limits" }).click();
  await expect(ledger.getByRole("dialog", { name: "Limits" })).toBeHidden();
}

async function readUsage(): Promise<Usage> {
  const answer = await chat.request.get(`${urls.api}/usage`, {
    headers: { authorization: `Bearer ${accessToken}` },
  });
  return getUsage.output.parse(await answer.json());
}

/** Our own calls have neither quotes nor line ends in their cells; export.test.ts covers those. */
function parseRows(text: string): Record<string, string>[] {
  const [header = "", ...lines] = text.trimEnd().split("\r\n");
  const names = header.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((cell, i) => [names[i] ?? "", cell])));
}

const picosOf = (dollars = "") => BigInt(dollars.replace(".", ""));

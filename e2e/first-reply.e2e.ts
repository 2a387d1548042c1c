import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
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

const { urls, pids, dataDir } = copyUnderTest();
const session = { accessToken: "" };

test.describe.serial("from a stranger to a conversation", () => {
  test("somebody signs up, pays, watches the bot being born and reads its streamed answer", async ({
    page,
  }) => {
    page.on("request", (request) => {
      const header = request.headers()["authorization"];
      if (request.url().startsWith(urls.api) && header) session.accessToken = header.replace("Bearer ", "");
    });
    await signUp(page, urls.app, newAddress());
    await openCheckout(page);
    await expect(page.getByText(/no money moves/i).first()).toBeVisible();
    await pay(page);
    await waitForChat(page);

    const seen = await sayAndWatch(page, "Hello! What can you do for me?");
    const whole = (await page.getByTestId("bot-message").last().textContent()) ?? "";
    // Before the first word the place says what the bot does; from then on the text only grows, but
    // for the two or three characters of a Markdown mark that turns out to be one.
    const increments = seen.filter((text) => whole.startsWith(text.slice(0, 8)));
    expect(increments.length).toBeGreaterThan(5);
    for (const [index, text] of increments.entries())
      expect(text.length).toBeGreaterThan((increments[index - 1]?.length ?? 0) - 4);
  });

  test("the ledger says what the model side reported", async ({ request }) => {
    const readUsage = async (): Promise<Usage> => {
      const answer = await request.get(`${urls.api}/usage`, {
        headers: { authorization: `Bearer ${session.accessToken}` },
      });
      return getUsage.output.parse(await answer.json());
    };
    await expect.poll(async () => (await readUsage()).recent.map((call) => call.state)).toEqual(["settled"]);
    const { recent, total } = await readUsage();
    const [call] = recent;
    expect(call?.cause).toBe("chat");
    expect(call?.messageId).not.toBeNull();
    expect([total.calls, total.tokensIn, total.tokensOut]).toEqual([1, call?.tokensIn, call?.tokensOut]);
    // What the model stand-in wrote down before it answered, as a provider would bill it.
    const truth = (await readFile(join(dataDir, "models/truth.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line).usage);
    expect(truth).toContainEqual(
      expect.objectContaining({
        cacheRead: call?.cacheReadTokens,
        cacheWrite5m: call?.cacheWriteTokens,
        output: call?.tokensOut,
      }),
    );
    expect(
      truth.map((usage) => usage.uncached + usage.cacheRead + usage.cacheWrite5m + usage.cacheWrite1h),
    ).toContain(call?.tokensIn);
  });

  test("F61 the api is killed in the middle of a reply, and message and whole reply are there", async ({
    page,
    context,
  }) => {
    expect(context).toBeTruthy();
    await signUp(page, urls.app, newAddress());
    await openCheckout(page);
    await pay(page);
    await waitForChat(page);
    await say(page, "Tell me a long story about a lobster, please.");
    await expect(page.getByTestId("running-reply")).toContainText(/\w+ \w+/, { timeout: 60_000 });
    const api = pids["api"];
    expect(api).toBeGreaterThan(0);
    process.kill(api ?? 0, "SIGKILL");
    await expect(page.getByTestId("bot-message").last()).toContainText(/\w+/, { timeout: 90_000 });
    await page.reload();
    await expect(page.getByTestId("user-message")).toHaveCount(1);
    await expect(page.getByTestId("bot-message")).toHaveCount(1);
    await expect(page.getByTestId("bot-message")).not.toContainText(/interrupted/i);
  });
});

import type { Usage } from "@molt/contract";
import { fireEvent, screen } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { ApiError } from "../session/api.ts";
import { drawAsMember } from "../testing/render.tsx";
import { monthName, monthOf, shiftMonth } from "./usage-format.ts";
import { UsageScreen } from "./usage-screen.tsx";

const sum = { calls: 2, tokensIn: 4200, tokensOut: 310, costPicos: "1000000000000" };
const usage = (month: string): Usage => ({
  month,
  total: { ...sum, chargePicos: "1200000000000" },
  byDay: [{ day: `${month}-02`, ...sum }],
  byModel: [{ model: "a-model", ...sum }],
  byCause: [{ cause: "cron", ...sum }],
  recent: [
    {
      id: "c",
      at: `${month}-02T08:00:00.000Z`,
      model: "a-model",
      cause: "cron",
      state: "estimated",
      messageId: null,
      tokensIn: 4200,
      tokensOut: 310,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      costPicos: "1000000000000",
    },
  ],
});
const nothing = (month: string): Usage => ({
  ...usage(month),
  total: { calls: 0, tokensIn: 0, tokensOut: 0, costPicos: "0", chargePicos: "0" },
  byDay: [],
  byModel: [],
  byCause: [],
  recent: [],
});
const monthIn = (input: unknown) => (input as { month: string }).month;

test("the month shows what is paid, by model, by reason, and call by call", async () => {
  drawAsMember(<UsageScreen />, { "/usage": (input) => usage(monthIn(input)) });
  expect((await screen.findByTestId("usage-total")).textContent).toBe("$1.20");
  expect(screen.getByRole("list", { name: "By model" }).textContent).toContain("a-model");
  expect(screen.getByRole("list", { name: "By reason" }).textContent).toContain("Its schedule");
  expect(screen.getByRole("table", { name: "Latest calls" }).textContent).toContain("estimated $1.20");
  expect(screen.getByRole("img", { name: /Charge by day/ })).toBeTruthy();
});

test("the month before can be looked at; an empty month says so", async () => {
  const now = monthOf(new Date());
  const ask = vi.fn((input: unknown) => (monthIn(input) === now ? usage(now) : nothing(monthIn(input))));
  drawAsMember(<UsageScreen />, { "/usage": ask });
  await screen.findByTestId("usage-total");
  expect(screen.queryByRole("button", { name: "The month after" })).toBeNull();
  fireEvent.click(screen.getByRole("button", { name: "The month before" }));
  expect(await screen.findByText("Nothing spent")).toBeTruthy();
  expect(ask).toHaveBeenLastCalledWith({ month: shiftMonth(now, -1) });
  expect(screen.getByText(monthName(shiftMonth(now, -1)))).toBeTruthy();
});

test("a ledger that does not open says why and can be asked again", async () => {
  let tries = 0;
  drawAsMember(<UsageScreen />, {
    "/usage": (input) => {
      tries += 1;
      if (tries === 1) throw new ApiError("unavailable", "The ledger is being repaired.");
      return usage(monthIn(input));
    },
  });
  expect((await screen.findByRole("alert")).textContent).toContain("being repaired");
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect((await screen.findByTestId("usage-total")).textContent).toBe("$1.20");
});

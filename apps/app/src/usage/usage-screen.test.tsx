import type { BudgetView, Usage } from "@molt/contract";
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { beforeEach, expect, test, vi } from "vitest";
import { useChatClient } from "../chat/use-chat.ts";
import { ApiError } from "../session/api.ts";
import { drawAsMember } from "../testing/render.tsx";
import { went } from "../testing/router.tsx";
import { monthName, monthOf, shiftMonth } from "./usage-format.ts";
import { UsageScreen } from "./usage-screen.tsx";

const dollar = 1_000_000_000_000n;
const budget: BudgetView = {
  dayPicos: "0",
  dayCapPicos: String(20n * dollar),
  unattendedDayPicos: "0",
  unattendedDayCapPicos: String(5n * dollar),
  monthPicos: String(25n * dollar),
  monthCapPicos: String(100n * dollar),
  runCapPicos: String(5n * dollar),
  hold: null,
};
const held: BudgetView = {
  ...budget,
  hold: { reason: "loop", since: "2026-11-22T12:00:00.000Z", message: "It asked the same thing again." },
};
const sum = { calls: 2, tokensIn: 4200, tokensOut: 310, costPicos: "1000000000000" };
const usage = (month: string, more: Partial<Usage> = {}): Usage => ({
  month,
  budget,
  total: { ...sum, chargePicos: "1200000000000" },
  byDay: [{ day: `${month}-02`, ...sum }],
  byModel: [{ model: "a-model", ...sum }],
  byCause: [{ cause: "cron", ...sum }],
  byMessage: [{ messageId: "m", at: `${month}-02T08:00:00.000Z`, text: "Look at the news", ...sum }],
  recent: [
    {
      id: "c",
      at: `${month}-02T08:00:00.000Z`,
      model: "a-model",
      cause: "cron",
      state: "estimated",
      messageId: "m",
      tokensIn: 4200,
      tokensOut: 310,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      costPicos: "1000000000000",
    },
  ],
  ...more,
});
const nothing = (month: string): Usage => ({
  ...usage(month),
  total: { calls: 0, tokensIn: 0, tokensOut: 0, costPicos: "0", chargePicos: "0" },
  byDay: [],
  byModel: [],
  byCause: [],
  byMessage: [],
  recent: [],
});
const monthIn = (input: unknown) => (input as { month: string }).month;
const press = (name: string | RegExp) => fireEvent.click(screen.getByRole("button", { name }));
const write = (label: string, text: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { value: text } });

/** Draws the screen, and hands out the client that a socket would tell of changes. */
function draw(answers: Record<string, (input: unknown) => unknown>) {
  const found: { client?: ReturnType<typeof useChatClient> } = {};
  const Peek = () => {
    found.client = useChatClient();
    return <UsageScreen />;
  };
  drawAsMember(<Peek />, answers);
  return { told: (next: BudgetView) => act(() => found.client?.learnBudget(next)) };
}

beforeEach(() => void went.splice(0));

test("the month shows what is paid, by model, by reason, by message, and call by call", async () => {
  draw({ "/usage": (input) => usage(monthIn(input)) });
  expect((await screen.findByTestId("usage-total")).textContent).toBe("$1.20");
  expect(screen.getByRole("list", { name: "By model" }).textContent).toContain("a-model");
  expect(screen.getByRole("list", { name: "By reason" }).textContent).toContain("Its schedule");
  expect(screen.getByRole("list", { name: "By message" }).textContent).toContain("Look at the news");
  expect(screen.getByRole("table", { name: "Latest calls" }).textContent).toContain("estimated $1.20");
  expect(screen.getByRole("img", { name: /Charge by day/ })).toBeTruthy();
});

test("the month before can be looked at; an empty month says so, and limits belong to the present one", async () => {
  const now = monthOf(new Date());
  const ask = vi.fn((input: unknown) => (monthIn(input) === now ? usage(now) : nothing(monthIn(input))));
  draw({ "/usage": ask });
  await screen.findByTestId("usage-total");
  expect(screen.getByRole("group", { name: "Limits" })).toBeTruthy();
  expect(screen.queryByRole("button", { name: "The month after" })).toBeNull();
  press("The month before");
  expect(await screen.findByText("Nothing spent")).toBeTruthy();
  expect(ask).toHaveBeenLastCalledWith({ month: shiftMonth(now, -1) });
  expect(screen.getByText(monthName(shiftMonth(now, -1)))).toBeTruthy();
  expect(screen.queryByRole("group", { name: "Limits" })).toBeNull();
});

test("a ledger that does not open says why and can be asked again", async () => {
  let tries = 0;
  draw({
    "/usage": (input) => {
      tries += 1;
      if (tries === 1) throw new ApiError("unavailable", "The ledger is being repaired.");
      return usage(monthIn(input));
    },
  });
  expect((await screen.findByRole("alert")).textContent).toContain("being repaired");
  press("Try again");
  expect((await screen.findByTestId("usage-total")).textContent).toBe("$1.20");
});

test("limits are meters that say in words what is left", async () => {
  draw({ "/usage": (input) => usage(monthIn(input)) });
  const meter = await screen.findByRole("meter", { name: "This month" });
  expect(meter.getAttribute("aria-valuenow")).toBe("25");
  expect(meter.getAttribute("aria-valuetext")).toMatch(/^\$30\.00 of \$120\.00\. \$90\.00 left until/);
  expect(screen.getAllByRole("meter")).toHaveLength(3);
});

test("somebody without a bot, or with an older api, sees no limits and no error", async () => {
  draw({ "/usage": (input) => ({ ...nothing(monthIn(input)), budget: null }) });
  expect(await screen.findByText("Nothing spent")).toBeTruthy();
  expect(screen.queryByRole("meter")).toBeNull();
  expect(screen.queryByRole("alert")).toBeNull();
});

test("totals follow what is being spent, without a reload", async () => {
  const ask = vi.fn((input: unknown) => usage(monthIn(input)));
  const { told } = draw({ "/usage": ask });
  await screen.findByTestId("usage-total");
  ask.mockImplementation((input) =>
    usage(monthIn(input), { total: { ...sum, chargePicos: "2400000000000" }, budget: null }),
  );
  told({ ...budget, monthPicos: String(50n * dollar) });
  expect(screen.getByRole("meter", { name: "This month" }).getAttribute("aria-valuenow")).toBe("50");
  await waitFor(() => expect(screen.getByTestId("usage-total").textContent).toBe("$2.40"), { timeout: 3000 });
});

test("limits are changed in what one pays; what is no amount is named at its field and not sent", async () => {
  const save = vi.fn((_input: unknown) => ({ budget: { ...budget, monthCapPicos: String(50n * dollar) } }));
  draw({ "/usage": (input) => usage(monthIn(input)), "/usage/caps": save });
  await screen.findByTestId("usage-total");
  press("Change");
  const field = await screen.findByLabelText<HTMLInputElement>("A month, in dollars");
  expect(field.value).toBe("120.00");
  write("A month, in dollars", "a lot");
  press("Save limits");
  expect(await screen.findByText(/Write dollars and cents/)).toBeTruthy();
  expect(save).not.toHaveBeenCalled();
  write("A month, in dollars", "60");
  press("Save limits");
  await waitFor(() => expect(save).toHaveBeenCalledWith({ monthCapPicos: String(50n * dollar) }));
  await waitFor(() =>
    expect(
      screen.getByRole("meter", { name: "This month", hidden: true }).getAttribute("aria-valuenow"),
    ).toBe("50"),
  );
});

test("limits that the api refuses stay as typed, with the reason", async () => {
  draw({
    "/usage": (input) => usage(monthIn(input)),
    "/usage/caps": () => {
      throw new ApiError("invalid_input", "That is above the highest limit.");
    },
  });
  await screen.findByTestId("usage-total");
  press("Change");
  await screen.findByLabelText("A day, in dollars");
  write("A day, in dollars", "7.50");
  press("Save limits");
  expect((await screen.findByRole("alert")).textContent).toContain("above the highest limit");
  expect(screen.getByLabelText<HTMLInputElement>("A day, in dollars").value).toBe("7.50");
});

test("spending pauses at once, and goes on with one tap", async () => {
  draw({
    "/usage": (input) => usage(monthIn(input)),
    "/usage/pause": () => new Promise(() => undefined),
    "/usage/resume": () => ({ budget }),
  });
  await screen.findByTestId("usage-total");
  press("Pause spending");
  expect(await screen.findByText("Spending is paused")).toBeTruthy();
  press("Let it go on");
  await waitFor(() => expect(screen.queryByText("Spending is paused")).toBeNull());
});

test("a stop that cannot be lifted comes back with the reason", async () => {
  draw({
    "/usage": (input) => usage(monthIn(input), { budget: held }),
    "/usage/resume": () => {
      throw new ApiError("offline", "No connection to the server.");
    },
  });
  expect(await screen.findByText("Your bot was going round in circles")).toBeTruthy();
  press("Let it go on");
  expect((await screen.findByRole("alert")).textContent).toContain("No connection");
  expect(screen.getByText("Your bot was going round in circles")).toBeTruthy();
});

test("the operator's stop says so and offers no way around it", async () => {
  const operators: BudgetView = {
    ...budget,
    hold: { reason: "operator", since: "2026-11-22T12:00:00.000Z", message: "Please write to support." },
  };
  draw({ "/usage": (input) => usage(monthIn(input), { budget: operators }) });
  expect(await screen.findByText("Please write to support.")).toBeTruthy();
  expect(screen.queryByRole("button", { name: "Let it go on" })).toBeNull();
  expect(screen.queryByRole("button", { name: "Pause spending" })).toBeNull();
});

test("a message that is not on this device shows its calls instead of the chat", async () => {
  draw({ "/usage": (input) => usage(monthIn(input)) });
  await screen.findByTestId("usage-total");
  press(/Look at the news/);
  expect((await screen.findByRole("table", { name: "Its calls" })).textContent).toContain("$1.20");
  expect(screen.getByText(/Some of its calls are older/)).toBeTruthy();
  expect(went).toEqual([]);
});

test("the month is downloaded under its name, and a failure is told in words", async () => {
  const files: string[] = [];
  URL.createObjectURL = () => "blob:test";
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    files.push(this.download);
  });
  const now = monthOf(new Date());
  const download = vi.fn((_input: unknown): string => "time_utc\r\n");
  draw({ "/usage": (input) => usage(monthIn(input)), "/usage/export": download });
  await screen.findByTestId("usage-total");
  press("Download as CSV");
  await waitFor(() => expect(files).toEqual([`molt-usage-${now}.csv`]));
  expect(download).toHaveBeenCalledWith({ month: now });
  download.mockImplementation(() => {
    throw new ApiError("rate_limited", "This file is being downloaded already.");
  });
  press("Download as CSV");
  expect((await screen.findByRole("alert")).textContent).toContain("downloaded already");
});

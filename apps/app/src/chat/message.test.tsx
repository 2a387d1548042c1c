import { botStatus, type BotView, type Message } from "@molt/contract";
import { fireEvent, render, screen, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import "../testing/render.tsx";
import { BotBadge } from "./bot-badge.tsx";
import { Markdown } from "./markdown.tsx";
import { MessageRow, PendingRow } from "./message-row.tsx";

const at = "2026-11-22T12:00:00.000Z";
const bot = (status: BotView["status"]): BotView => ({
  id: "b",
  status,
  step: "ready",
  stepSince: at,
  failure: null,
  createdAt: at,
  lastActiveAt: at,
});
const message = (more: Partial<Message>): Message => ({
  id: "m",
  seq: 1,
  role: "bot",
  text: "Hello",
  state: "final",
  at,
  clientId: null,
  replyTo: null,
  ...more,
});

test("the badge says each state in a word, to eyes and to screen readers", () => {
  for (const status of botStatus.options) {
    const { unmount } = render(<BotBadge bot={bot(status)} />);
    expect(screen.getByRole("status").textContent).toMatch(/^[A-Z][a-z ]+$/);
    expect(screen.getByTestId("bot-status")).toBeTruthy();
    unmount();
  }
});

test("what the bot says has headings, lists, tables and links that mean it", () => {
  render(
    <Markdown
      text={"# Title\n\n- one\n- two\n\n| a | b |\n| - | - |\n| 1 | 2 |\n\n[there](https://example.org/x)"}
    />,
  );
  expect(screen.getByRole("heading", { level: 2 }).textContent).toBe("Title");
  expect(within(screen.getByRole("list")).getAllByRole("listitem")).toHaveLength(2);
  expect(within(screen.getByRole("table")).getAllByRole("columnheader")).toHaveLength(2);
  const link = screen.getByRole("link", { name: "there" });
  expect(link.getAttribute("href")).toBe("https://example.org/x");
  expect(link.getAttribute("rel")).toContain("noopener");
});

test("nothing the bot says can run: HTML is text, javascript: is no link, a picture is not fetched", () => {
  const { container } = render(
    <Markdown
      text={
        '<script>window.hurt=1</script>\n\n<img src=x onerror="window.hurt=1">\n\n[click](javascript:alert(1)) ![p](https://example.org/p.png)'
      }
    />,
  );
  expect(container.querySelector("script, img, iframe")).toBeNull();
  expect(container.textContent).toContain("<script>window.hurt=1</script>");
  expect(screen.queryByRole("link", { name: "click" })).toBeNull();
  expect(container.innerHTML).not.toContain("javascript:");
});

test("an answer that was stopped or cut off says so", () => {
  render(<MessageRow message={message({ state: "stopped" })} follows={false} />);
  expect(screen.getByTestId("bot-message").textContent).toContain("Stopped by you");
  render(<MessageRow message={message({ state: "interrupted" })} follows={false} />);
  expect(screen.getByText(/Cut off/)).toBeTruthy();
});

test("a message that was refused keeps its text, says why, and can be tried again or dropped", () => {
  const [onRetry, onDiscard] = [vi.fn(), vi.fn()];
  const pending = {
    clientId: "c",
    text: "My long letter",
    at,
    state: "failed" as const,
    reason: "Too many at once.",
  };
  render(<PendingRow pending={pending} online onRetry={onRetry} onDiscard={onDiscard} />);
  expect(screen.getByTestId("user-message").textContent).toBe("My long letter");
  expect(screen.getByRole("alert").textContent).toContain("Too many at once.");
  fireEvent.click(screen.getByRole("button", { name: "Retry" }));
  fireEvent.click(screen.getByRole("button", { name: "Discard" }));
  expect(onRetry).toHaveBeenCalledWith("c");
  expect(onDiscard).toHaveBeenCalledWith("c");
});

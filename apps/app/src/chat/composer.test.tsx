import { fireEvent, render, screen } from "@testing-library/react";
import { useState } from "react";
import { expect, test, vi } from "vitest";
import "../testing/render.tsx";
import { Composer } from "./composer.tsx";

function draw(props: { onSend?: (text: string) => void; onStop?: () => void } = {}) {
  const onSend = props.onSend ?? vi.fn();
  function Held() {
    const [text, setText] = useState("");
    return <Composer value={text} onChange={setText} onSend={onSend} onStop={props.onStop} />;
  }
  render(<Held />);
  const input = screen.getByRole("textbox", { name: "Message" });
  return { input, write: (text: string) => fireEvent.change(input, { target: { value: text } }) };
}

test("Enter sends what is written, without the space around it", () => {
  const onSend = vi.fn();
  const { input, write } = draw({ onSend });
  write("  hello \n");
  fireEvent.keyDown(input, { key: "Enter" });
  expect(onSend).toHaveBeenCalledExactlyOnceWith("hello");
});

test("Shift+Enter, and Enter while an input method composes, send nothing", () => {
  const onSend = vi.fn();
  const { input, write } = draw({ onSend });
  write("こんに");
  fireEvent.keyDown(input, { key: "Enter", shiftKey: true });
  fireEvent.keyDown(input, { key: "Enter", isComposing: true });
  fireEvent.keyDown(input, { key: "Enter", keyCode: 229 });
  expect(onSend).not.toHaveBeenCalled();
});

test("the button sends too, and spaces are not a message", () => {
  const onSend = vi.fn();
  const { write } = draw({ onSend });
  const button = screen.getByRole("button", { name: "Send message" });
  write("   ");
  fireEvent.click(button);
  expect(onSend).not.toHaveBeenCalled();
  write("hello");
  fireEvent.click(button);
  expect(onSend).toHaveBeenCalledExactlyOnceWith("hello");
});

test("a message that is too long stays in the editor and says by how much", () => {
  const onSend = vi.fn();
  const { input, write } = draw({ onSend });
  write("x".repeat(16_005));
  fireEvent.keyDown(input, { key: "Enter" });
  expect(onSend).not.toHaveBeenCalled();
  expect(screen.getByText(/5 characters too many/)).toBeTruthy();
});

test("Stop is not there while the bot has nothing to do", () => {
  draw();
  expect(screen.queryByRole("button", { name: "Stop" })).toBeNull();
});

test("Stop is there while the bot works; Esc presses it", () => {
  const onStop = vi.fn();
  const { input } = draw({ onStop });
  fireEvent.keyDown(input, { key: "Escape" });
  fireEvent.click(screen.getByRole("button", { name: "Stop" }));
  expect(onStop).toHaveBeenCalledTimes(2);
});

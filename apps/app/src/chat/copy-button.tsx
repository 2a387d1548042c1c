import * as Clipboard from "expo-clipboard";
import { useEffect, useState } from "react";
import { IconButton } from "../ui/button.tsx";

/** Copies, and says so for two seconds. */
export function CopyButton({ text, what }: { text: string; what: "code" | "message" }) {
  const [state, setState] = useState<"idle" | "done" | "denied">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 2000);
    return () => clearTimeout(timer);
  }, [state]);
  const copy = async () => {
    const done = await Clipboard.setStringAsync(text).catch(() => false);
    setState(done === false ? "denied" : "done");
  };
  const label =
    state === "done" ? "Copied" : state === "denied" ? "Copying is not allowed here" : `Copy ${what}`;
  return (
    <IconButton
      icon={state === "done" ? "check" : state === "denied" ? "close" : "copy"}
      tone={state === "done" ? "kelp" : "muted"}
      label={label}
      size={36}
      onPress={() => void copy()}
    />
  );
}

import { space } from "@molt/brand";
import type { Activity } from "@molt/contract";
import { useEffect, useRef, useState } from "react";
import { StyleSheet, View } from "react-native";
import { Spinner } from "../ui/spinner.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { useNow } from "../ui/use-now.ts";
import { spent } from "./days.ts";
import { Markdown } from "./markdown.tsx";
import { BotSide } from "./message-row.tsx";
import { cut, pace } from "./pace.ts";
import type { Running } from "./transcript.ts";

/** The reply that is being said: even text, and one line about what the bot does meanwhile. */
export function RunningReply({ running, stopped }: { running: Running; stopped: boolean }) {
  const text = useEvenText(running.text);
  return (
    <BotSide testID="running-reply" first>
      {text ? <Markdown text={text} streaming /> : null}
      {stopped ? (
        <Text kind="small" tone="muted">
          Stopped
        </Text>
      ) : (
        <ActivityLine
          activity={running.activity}
          since={running.since}
          quiet={text !== "" && running.activity === null}
        />
      )}
    </BotSide>
  );
}

/** Verb, object, time. A second passes before the time shows: quick steps need no clock. */
export function ActivityLine({
  activity,
  since,
  quiet,
}: {
  activity: Activity | null;
  since: string;
  quiet?: boolean;
}) {
  const c = useColors();
  const passed = useNow(1000) - Date.parse(since);
  if (quiet) return null;
  const words = [activity?.label ?? "Thinking", activity?.detail].filter(Boolean).join(": ");
  return (
    <View style={s.activity}>
      <Spinner color={c.thought} size={14} />
      <Text kind="small" tone="thought" numberOfLines={1} style={s.words}>
        {words}
      </Text>
      {passed >= 2000 ? (
        <Text kind="small" tone="muted">
          {spent(passed)}
        </Text>
      ) : null}
    </View>
  );
}

/** Shows a text as a stream; a page in the background shows it whole. */
function useEvenText(text: string): string {
  const [shown, setShown] = useState(() => text.length);
  const target = useRef(text.length);
  target.current = text.length;
  const behind = shown < text.length;
  useEffect(() => {
    if (!behind) return;
    let last = performance.now();
    let frame = requestAnimationFrame(function draw(now) {
      const dt = now - last;
      last = now;
      setShown((length) => pace(length, target.current, dt));
      frame = requestAnimationFrame(draw);
    });
    const flush = () => {
      if (document.hidden) setShown(target.current);
    };
    if (typeof document !== "undefined") document.addEventListener("visibilitychange", flush);
    return () => {
      cancelAnimationFrame(frame);
      if (typeof document !== "undefined") document.removeEventListener("visibilitychange", flush);
    };
  }, [behind]);
  return cut(text, Math.min(shown, text.length));
}

const s = StyleSheet.create({
  activity: { flexDirection: "row", alignItems: "center", gap: space.s, minHeight: 26 },
  words: { flexShrink: 1 },
});

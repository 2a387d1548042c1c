import { space } from "@molt/brand";
import { confirmCheckout, provision, type BotView } from "@molt/contract";
import { useMutation } from "@tanstack/react-query";
import { Redirect, useLocalSearchParams, useRouter } from "expo-router";
import { useEffect, useState } from "react";
import { ScrollView, StyleSheet, View } from "react-native";
import { spent } from "../chat/days.ts";
import { stepWords } from "../chat/bot-words.ts";
import { useChat, useLiveChat } from "../chat/use-chat.ts";
import { sayError } from "../session/api.ts";
import { useMe } from "../session/me.ts";
import { useDoors } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Wordmark } from "../ui/mark.tsx";
import { Banner } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { useNow } from "../ui/use-now.ts";
import { chapterOf, stepsDone, waited, type Chapter } from "./birth-state.ts";
import { Molting } from "./molting.tsx";
import { StepList } from "./step-list.tsx";

const pollMs = 2000;
/** Long enough to see the last plate go. */
const lingerMs = 1600;
const lateMs = 60_000;

/** The return from the till: watches the bot being born and opens the chat when it is. */
export function BirthScreen() {
  const router = useRouter();
  const { bot, chapter, passed, failure, asking, unasked, retry } = useBirth();
  useEffect(() => {
    if (chapter !== "born") return;
    const timer = setTimeout(() => router.replace("/chat"), lingerMs);
    return () => clearTimeout(timer);
  }, [chapter, router]);

  if (chapter === "unpaid" && unasked) return <Redirect href="/subscribe" />;
  return (
    <ScrollView contentContainerStyle={s.scroll}>
      <View role="main" style={s.column}>
        <Wordmark />
        <Molting done={stepsDone(bot, chapter)} failed={chapter === "failed"} />
        <View style={s.words}>
          <Text kind="title" level={1} center>
            {titles[chapter]}
          </Text>
          <Text tone="muted" center aria-live="polite">
            {lead(chapter, passed, bot)}
          </Text>
        </View>
        {chapter === "growing" || chapter === "born" ? <StepList done={stepsDone(bot, chapter)} /> : null}
        {failure ? (
          <Banner tone="danger" title="We could not ask">
            {sayError(failure)}
          </Banner>
        ) : null}
        <View>
          {chapter === "failed" || chapter === "unpaid" || failure ? (
            <Button label="Try again" icon="retry" busy={asking} onPress={retry} />
          ) : null}
          {chapter === "born" ? <Button label="Say hello" onPress={() => router.replace("/chat")} /> : null}
        </View>
      </View>
    </ScrollView>
  );
}

/** What is known of the birth, and what can be done about it. */
function useBirth() {
  const client = useLiveChat();
  const { api } = useDoors();
  const [openedAt] = useState(() => Date.now());
  const confirm = useConfirm();
  const me = useMe(pollMs);
  const bot = useBot(me.data?.bot);
  const chapter = chapterOf({ me: me.data, bot, confirming: confirm.isPending });
  const passed = waited(bot, openedAt, useNow(1000, chapter !== "born"));
  const again = useMutation({
    mutationFn: () => api.call(provision, {}),
    onSuccess: (answer) => client.learnBot(answer.bot),
  });
  return {
    bot,
    chapter,
    passed,
    failure: again.error ?? confirm.error ?? (me.data ? null : me.error),
    asking: again.isPending || confirm.isPending,
    unasked: confirm.idle,
    retry: () => (chapter === "failed" ? again.mutate() : confirm.run()),
  };
}

const titles = {
  paying: "Looking for your payment",
  unpaid: "Your payment is not here yet",
  growing: "Your bot is being born",
  failed: "This birth did not work",
  born: "It is awake",
} satisfies Record<Chapter, string>;

function lead(chapter: Chapter, passed: number, bot: BotView | null | undefined): string {
  switch (chapter) {
    case "paying":
      return "We ask Stripe, this takes a second or two.";
    case "unpaid":
      return "Some banks take their time. This page looks again by itself; you are never charged twice.";
    case "failed":
      return `${bot?.failure?.message ?? "Something went wrong on our side."} Nothing is lost, and you can try again.`;
    case "born":
      return `Born in ${spent(passed)}. It waits for your first word.`;
    case "growing":
      return passed < lateMs
        ? `${stepWords(bot?.step ?? "queued")} · ${spent(passed)}. Usually 20–40 seconds.`
        : `It is taking longer than usual (${spent(passed)}). You can close this page: we will mail you when it is awake.`;
  }
}

/** The socket is quicker, the poll never fails silently; a live socket that knows a bot wins. */
function useBot(polled: BotView | null | undefined): BotView | null | undefined {
  const live = useChat((state) => state.phase === "live");
  const told = useChat((state) => state.transcript.bot);
  return live && told ? told : (polled ?? told);
}

/** Asks the api to look at Stripe once per visit. Without a session id there is nothing to confirm. */
function useConfirm() {
  const { session_id: sessionId } = useLocalSearchParams<{ session_id?: string }>();
  const { api } = useDoors();
  const { mutate, ...ask } = useMutation({
    mutationFn: (id: string) => api.call(confirmCheckout, { sessionId: id }),
  });
  useEffect(() => {
    if (sessionId) mutate(sessionId);
  }, [sessionId, mutate]);
  return {
    isPending: sessionId !== undefined && (ask.isPending || ask.isIdle),
    idle: sessionId === undefined,
    error: ask.error,
    run: () => sessionId && mutate(sessionId),
  };
}

const s = StyleSheet.create({
  scroll: { flexGrow: 1, padding: space.xl, justifyContent: "center" },
  column: { width: "100%", maxWidth: 480, alignSelf: "center", alignItems: "center", gap: space.l },
  words: { gap: space.s, alignItems: "center" },
});

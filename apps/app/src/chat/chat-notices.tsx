import { provision } from "@molt/contract";
import { space } from "@molt/brand";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "expo-router";
import { StyleSheet, View } from "react-native";
import { sayError } from "../session/api.ts";
import { useMe } from "../session/me.ts";
import { useDoors } from "../session/session.ts";
import { nearWords } from "../usage/budget-words.ts";
import { HoldNotice } from "../usage/hold-notice.tsx";
import { useBudget } from "../usage/use-budget.ts";
import { useOpenPortal } from "../subscribe/use-money-pages.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Banner } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { useNow } from "../ui/use-now.ts";
import { botNotice, type Notice } from "./bot-words.ts";
import { spent } from "./days.ts";
import { useChat, useChatClient } from "./use-chat.ts";

/** The one calm place above the composer for everything that is not as it should be. */
export function ChatNotices() {
  const bot = useChat((s) => s.transcript.bot);
  const notice = useChat((s) => s.transcript.notice);
  const client = useChatClient();
  const me = useMe();
  const trouble = botNotice(bot, me.data);
  return (
    <>
      <ConnectionLine />
      <WakingLine />
      {trouble ? (
        <Banner tone={trouble.tone} title={trouble.title} action={<NoticeAction notice={trouble} />}>
          {trouble.words}
        </Banner>
      ) : (
        <Spending />
      )}
      {notice ? (
        <View style={s.line}>
          <Text kind="small" tone="danger" role="alert" style={s.words}>
            {notice}
          </Text>
          <IconButton icon="close" label="Dismiss" onPress={() => client.dismiss()} size={36} />
        </View>
      ) : null}
    </>
  );
}

/** A stop says why and how to go on; a limit that is near says so in one quiet line. */
function Spending() {
  const router = useRouter();
  const budget = useBudget();
  const now = useNow(60_000, budget !== null);
  const near = budget && !budget.hold ? nearWords(budget, new Date(now)) : null;
  const toUsage = () => router.push("/usage");
  return (
    <>
      <HoldNotice>
        {budget?.hold?.reason === "user" ? null : (
          <Button label="See what it did" kind="ghost" small onPress={toUsage} />
        )}
      </HoldNotice>
      {near ? (
        <View style={s.line} testID="limit-line">
          <Text kind="small" tone="amber" role="status" style={s.words}>
            {near}
          </Text>
          <Button label="Limits" kind="ghost" small onPress={toUsage} />
        </View>
      ) : null}
    </>
  );
}

/** A blink of the network is nobody's business: words after two seconds. */
function ConnectionLine() {
  const client = useChatClient();
  const phase = useChat((s) => s.phase);
  const lostAt = useChat((s) => s.lostAt);
  const now = useNow(1000, lostAt !== null);
  if (phase === "refused") {
    return (
      <Line
        words="You were signed out on this device. Sign in again to go on."
        onPress={() => client.nudge()}
      />
    );
  }
  if (lostAt === null || now - lostAt < 2000) return null;
  return (
    <Line
      words="No connection. What you write is kept and sent when it is back."
      onPress={() => client.nudge()}
    />
  );
}

function Line({ words, onPress }: { words: string; onPress: () => void }) {
  return (
    <View style={s.line} testID="connection-line">
      <Text kind="small" tone="amber" role="status" style={s.words}>
        {words}
      </Text>
      <Button label="Try now" kind="ghost" small onPress={onPress} />
    </View>
  );
}

/** A wake takes a second or two. If it does not, the reader learns what that means for them. */
function WakingLine() {
  const bot = useChat((s) => s.transcript.bot);
  const client = useChatClient();
  const waking = bot?.status === "waking";
  const now = useNow(1000, waking);
  const passed = waking && bot ? now - Date.parse(bot.stepSince) : 0;
  if (passed < 5000) return null;
  const words =
    passed < 30_000
      ? `Waking takes longer than usual · ${spent(passed)}`
      : "Still waking. You can leave: your message is kept, and the answer will be here.";
  return (
    <View style={s.line}>
      <Text kind="small" tone="amber" role="status" style={s.words}>
        {words}
      </Text>
      {passed >= 30_000 ? <Button label="Retry" kind="ghost" small onPress={() => client.wake()} /> : null}
    </View>
  );
}

function NoticeAction({ notice }: { notice: Notice }) {
  const router = useRouter();
  const { api } = useDoors();
  const client = useChatClient();
  const again = useMutation({
    mutationFn: () => api.call(provision, {}),
    onSuccess: ({ bot }) => client.learnBot(bot),
  });
  const portal = useOpenPortal();
  switch (notice.action) {
    case null:
      return null;
    case "wake":
      return <Button label="Wake it" small onPress={() => client.wake()} />;
    case "subscribe":
      return <Button label="See the plan" small onPress={() => router.push("/subscribe")} />;
    case "portal":
      return <Button label="Manage billing" small busy={portal.isPending} onPress={() => portal.mutate()} />;
    case "provision":
      return (
        <View style={s.again}>
          <Button label="Retry" icon="retry" small busy={again.isPending} onPress={() => again.mutate()} />
          {again.isError ? (
            <Text kind="small" tone="danger" role="alert">
              {sayError(again.error)}
            </Text>
          ) : null}
        </View>
      );
  }
}

const s = StyleSheet.create({
  line: { flexDirection: "row", alignItems: "center", gap: space.s, minHeight: 44 },
  words: { flex: 1 },
  again: { gap: space.xs },
});

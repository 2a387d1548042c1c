import { space } from "@molt/brand";
import { useLocalSearchParams } from "expo-router";
import { useEffect, useRef, useState } from "react";
import { KeyboardAvoidingView, Platform, StyleSheet, View } from "react-native";
import { useSession } from "../session/session.ts";
import { Skeleton } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { RoomHeader } from "../ui/room.tsx";
import { BotBadge } from "./bot-badge.tsx";
import { readDraft, writeDraft } from "./cache.ts";
import { ChatNotices } from "./chat-notices.tsx";
import { Composer, type ComposerHandle } from "./composer.tsx";
import { FirstWords } from "./first-words.tsx";
import { MessageList } from "./message-list.tsx";
import { Spoken } from "./spoken.tsx";
import { awaiting } from "./transcript.ts";
import { useChat, useChatClient } from "./use-chat.ts";

/** The room of the conversation. */
export function ChatScreen() {
  const client = useChatClient();
  const transcript = useChat((s) => s.transcript);
  const blank = useChat((s) => s.blank);
  const composer = useRef<ComposerHandle>(null);
  const [draft, setDraft] = useDraft();
  const { bot, running, messages, pending } = transcript;
  const busyWith = running?.replyTo ?? awaiting(transcript)?.id ?? null;
  const canStop = busyWith !== null && busyWith !== transcript.stopped && bot?.status === "running";
  const nothingSaid = messages.length === 0 && pending.length === 0 && !running;

  const send = (text: string) => {
    setDraft("");
    client.send(text);
  };
  const begin = (text: string) => {
    setDraft(text);
    composer.current?.focus();
  };
  return (
    <KeyboardAvoidingView behavior={Platform.OS === "ios" ? "padding" : undefined} style={s.room}>
      <RoomHeader title="Your bot">
        <BotBadge bot={bot} working={canStop} />
      </RoomHeader>
      {blank && nothingSaid ? <Blank /> : nothingSaid ? <FirstWords onPick={begin} /> : <Conversation />}
      <Spoken messages={messages} />
      <View style={s.foot}>
        <ChatNotices />
        <Composer
          ref={composer}
          value={draft}
          onChange={setDraft}
          onSend={send}
          onStop={canStop ? () => client.abort(busyWith) : undefined}
          onFocus={() => bot?.status === "asleep" && client.wake()}
          placeholder={bot?.status === "asleep" ? "Write, and it wakes" : "Write to your bot"}
        />
        <Text kind="small" tone="muted" center style={s.fine}>
          Bots can be wrong. Usage shows what each answer cost.
        </Text>
      </View>
    </KeyboardAvoidingView>
  );
}

/** `/chat?message=…` opens at that message. */
function Conversation() {
  const { message } = useLocalSearchParams<{ message?: string }>();
  return <MessageList showId={message} />;
}

function Blank() {
  return (
    <View style={s.blank} aria-label="Loading the conversation">
      <Skeleton width="52%" height={44} />
      <Skeleton width="90%" />
      <Skeleton width="84%" />
      <Skeleton width="60%" />
    </View>
  );
}

const saveAfterMs = 300;

/** What was being written survives a reload, a crash and a change of room. */
function useDraft(): [string, (text: string) => void] {
  const session = useSession((s) => s.state);
  const userId = session.phase === "member" ? session.userId : "";
  const [draft, setDraft] = useState(() => readDraft(userId));
  useEffect(() => {
    if (draft === "") return writeDraft(userId, "");
    const timer = setTimeout(() => writeDraft(userId, draft), saveAfterMs);
    return () => clearTimeout(timer);
  }, [userId, draft]);
  const latest = useRef(draft);
  latest.current = draft;
  useEffect(() => () => writeDraft(userId, latest.current), [userId]);
  return [draft, setDraft];
}

const s = StyleSheet.create({
  room: { flex: 1 },
  foot: {
    width: "100%",
    maxWidth: 760,
    alignSelf: "center",
    paddingHorizontal: space.l,
    paddingBottom: space.s,
    gap: space.s,
  },
  fine: { fontSize: 12, lineHeight: 16 },
  blank: {
    flex: 1,
    width: "100%",
    maxWidth: 760,
    alignSelf: "center",
    justifyContent: "flex-end",
    padding: space.l,
    gap: space.m,
  },
});

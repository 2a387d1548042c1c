import { LegendList, type LegendListRef } from "@legendapp/list/react-native";
import { radius, space } from "@molt/brand";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Pressable, StyleSheet, View, type NativeScrollEvent, type NativeSyntheticEvent } from "react-native";
import { Icon } from "../ui/icon.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { web } from "../ui/web.ts";
import type { ChatClient } from "./chat-client.ts";
import { DayRow, MessageRow, PendingRow } from "./message-row.tsx";
import { RunningReply } from "./running-reply.tsx";
import { rowsOf, type Row } from "./rows.ts";
import type { Transcript } from "./transcript.ts";
import { useChat, useChatClient } from "./use-chat.ts";
import { WaitingRow } from "./waiting-row.tsx";

/**
 * The conversation: opens at its end, or at the message `showId` names where this device has it; the end while one reads there, and stands still otherwise.
 */
export function MessageList({ showId }: { showId?: string | undefined }) {
  const client = useChatClient();
  const transcript = useChat((s) => s.transcript);
  const online = useChat((s) => s.phase === "live");
  const rows = useMemo(() => rowsOf(transcript), [transcript]);
  const list = useRef<LegendListRef>(null);
  const [shown] = useState(() =>
    rows.findIndex((row) => row.kind === "message" && row.message.id === showId),
  );
  const { away, onScroll } = useAway();
  const missed = useMissed(transcript.messages.at(-1)?.seq ?? 0, away);

  // Sending means wanting to see the answer.
  const sent = transcript.pending.length > 0;
  useEffect(() => {
    if (sent) void list.current?.scrollToEnd({ animated: false });
  }, [sent]);

  const renderItem = useCallback(
    ({ item }: { item: Row }) => <RowView row={item} bot={transcript.bot} online={online} client={client} />,
    [transcript.bot, online, client],
  );
  return (
    <View style={s.fill}>
      <LegendList
        ref={list}
        data={rows}
        keyExtractor={(row: Row) => row.key}
        getItemType={(row: Row) => row.kind}
        renderItem={renderItem}
        estimatedItemSize={140}
        alignItemsAtEnd
        {...(shown >= 0 ? { initialScrollIndex: shown } : { initialScrollAtEnd: true })}
        maintainScrollAtEnd
        maintainScrollAtEndThreshold={0.1}
        maintainVisibleContentPosition={{ data: true }}
        onScroll={onScroll}
        onStartReached={() => void client.loadOlder()}
        onStartReachedThreshold={0.6}
        style={s.fill}
        contentContainerStyle={s.content}
        keyboardShouldPersistTaps="handled"
        {...web({ tabIndex: 0, role: "group", "aria-label": "Conversation" })}
      />
      {away ? (
        <Latest missed={missed} onPress={() => void list.current?.scrollToEnd({ animated: true })} />
      ) : null}
    </View>
  );
}

/** Whether the reader has left the end, by more than a quarter of what is in sight. */
function useAway() {
  const [away, setAway] = useState(false);
  const onScroll = useCallback(({ nativeEvent: e }: NativeSyntheticEvent<NativeScrollEvent>) => {
    const below = e.contentSize.height - e.layoutMeasurement.height - e.contentOffset.y;
    setAway(below > Math.max(160, e.layoutMeasurement.height * 0.25));
  }, []);
  return { away, onScroll };
}

interface RowViewProps {
  row: Row;
  bot: Transcript["bot"];
  online: boolean;
  client: ChatClient;
}

function RowView({ row, bot, online, client }: RowViewProps) {
  switch (row.kind) {
    case "day":
      return <DayRow at={row.at} />;
    case "message":
      return <MessageRow message={row.message} follows={row.follows} />;
    case "pending":
      return (
        <PendingRow
          pending={row.pending}
          online={online}
          onRetry={(id) => client.retry(id)}
          onDiscard={(id) => client.discard(id)}
        />
      );
    case "running":
      return <RunningReply running={row.running} stopped={row.stopped} />;
    case "waiting":
      return <WaitingRow bot={bot} message={row.message} />;
  }
}

/** How many messages came since the reader left the end. */
function useMissed(lastSeq: number, away: boolean): number {
  const [leftAt, setLeftAt] = useState(lastSeq);
  useEffect(() => {
    if (!away) setLeftAt(lastSeq);
  }, [away, lastSeq]);
  return away ? lastSeq - leftAt : 0;
}

function Latest({ missed, onPress }: { missed: number; onPress: () => void }) {
  const c = useColors();
  const label = missed > 0 ? `${missed} new message${missed === 1 ? "" : "s"}` : "Latest";
  return (
    <View style={s.pillPlace}>
      <Pressable
        role="button"
        aria-label={missed > 0 ? `Jump to ${label}` : "Jump to the latest message"}
        onPress={onPress}
        style={[s.pill, { backgroundColor: c.surface, borderColor: c.edge }]}
      >
        <Icon name="down" size={16} color={c.text} />
        <Text kind="label">{label}</Text>
      </Pressable>
    </View>
  );
}

const s = StyleSheet.create({
  fill: { flex: 1 },
  content: { paddingTop: space.l, paddingBottom: space.s },
  pillPlace: {
    position: "absolute",
    bottom: space.m,
    left: 0,
    right: 0,
    alignItems: "center",
    pointerEvents: "box-none",
  },
  pill: {
    flexDirection: "row",
    alignItems: "center",
    gap: space.s,
    minHeight: 40,
    paddingHorizontal: space.l,
    borderWidth: 1,
    borderRadius: radius.round,
  },
});

import { space } from "@molt/brand";
import { getUsage } from "@molt/contract";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { StyleSheet, View } from "react-native";
import { useChatClient } from "../chat/use-chat.ts";
import { sayError } from "../session/api.ts";
import { useDoors } from "../session/session.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { RoomHeader, RoomPage } from "../ui/room.tsx";
import { Banner, Skeleton } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { BudgetCard } from "./budget-card.tsx";
import { DownloadButton } from "./download-button.tsx";
import { HoldNotice } from "./hold-notice.tsx";
import { Month } from "./month.tsx";
import { useBudget } from "./use-budget.ts";
import { monthName, monthOf, shiftMonth } from "./usage-format.ts";

/** What the bot's thinking costs: the month, its days, its models, its reasons, its calls. */
export function UsageScreen() {
  const [month, setMonth] = useState(() => monthOf(new Date()));
  const usage = useLiveUsage(month);
  const budget = useBudget();
  const client = useChatClient();
  return (
    <>
      <RoomHeader title="Usage" />
      <RoomPage>
        <HoldNotice />
        <View style={s.top}>
          <MonthSwitch month={month} onChange={setMonth} />
          {usage.data && usage.data.recent.length > 0 ? <DownloadButton month={usage.data.month} /> : null}
        </View>
        {usage.isError ? (
          <Banner
            tone="danger"
            title="The ledger did not open"
            action={<Button label="Try again" small icon="retry" onPress={() => void usage.refetch()} />}
          >
            {sayError(usage.error)}
          </Banner>
        ) : null}
        {usage.data ? (
          <Month usage={usage.data} isHere={(id) => client.holds(id)}>
            {budget && usage.data.month === monthOf(new Date()) ? <BudgetCard budget={budget} /> : null}
          </Month>
        ) : usage.isPending ? (
          <Blank />
        ) : null}
      </RoomPage>
    </>
  );
}

/** While a bot works its budget moves with each call; the month is asked for again this often at most. */
const againMs = 1_000;

/** The month, and again soon after the budget moved: totals follow what is being spent. */
function useLiveUsage(month: string) {
  const { api } = useDoors();
  const client = useChatClient();
  const usage = useQuery({
    queryKey: ["usage", month],
    queryFn: ({ signal }) => api.call(getUsage, { month }, signal),
    placeholderData: keepPreviousData,
  });
  const { refetch, data } = usage;
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    const stop = client.store.subscribe((now, before) => {
      if (now.budget === before.budget || month !== monthOf(new Date())) return;
      timer.current ??= setTimeout(() => {
        timer.current = undefined;
        void refetch();
      }, againMs);
    });
    return () => {
      stop();
      clearTimeout(timer.current);
      timer.current = undefined;
    };
  }, [client, refetch, month]);
  // Without a socket the answer is all there is.
  useEffect(() => {
    if (data?.budget) client.learnBudget(data.budget);
  }, [client, data]);
  return usage;
}

function MonthSwitch({ month, onChange }: { month: string; onChange: (month: string) => void }) {
  const isNow = month >= monthOf(new Date());
  return (
    <View style={s.switch}>
      <IconButton icon="left" label="The month before" onPress={() => onChange(shiftMonth(month, -1))} />
      <Text kind="strong" aria-live="polite" style={s.month} center>
        {monthName(month)}
      </Text>
      {isNow ? (
        <View style={s.noNext} />
      ) : (
        <IconButton icon="right" label="The month after" onPress={() => onChange(shiftMonth(month, 1))} />
      )}
    </View>
  );
}

function Blank() {
  return (
    <View style={s.blank} aria-label="Loading usage">
      <Skeleton width={220} height={52} />
      <Skeleton height={180} />
      <Skeleton height={140} />
    </View>
  );
}

const s = StyleSheet.create({
  top: { flexDirection: "row", flexWrap: "wrap", alignItems: "center", justifyContent: "space-between" },
  switch: { flexDirection: "row", alignItems: "center", alignSelf: "flex-start", marginLeft: -space.m },
  month: { minWidth: 150 },
  noNext: { width: 44 },
  blank: { gap: space.xl },
});

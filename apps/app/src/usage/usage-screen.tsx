import { space } from "@molt/brand";
import { formatDollars, getUsage, type Usage } from "@molt/contract";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState, type ReactNode } from "react";
import { StyleSheet, View } from "react-native";
import { sayError } from "../session/api.ts";
import { useDoors } from "../session/session.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { useRoomy } from "../ui/layout.ts";
import { RoomHeader, RoomPage } from "../ui/room.tsx";
import { Banner, Card, EmptyState, Skeleton } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { CallTable } from "./call-table.tsx";
import { DayChart } from "./day-chart.tsx";
import { ShareList } from "./share-list.tsx";
import { causeWords, monthName, monthOf, shiftMonth, shortCount } from "./usage-format.ts";

/** What the bot's thinking costs: the month, its days, its models, its reasons, its calls. */
export function UsageScreen() {
  const { api } = useDoors();
  const [month, setMonth] = useState(() => monthOf(new Date()));
  const usage = useQuery({
    queryKey: ["usage", month],
    queryFn: ({ signal }) => api.call(getUsage, { month }, signal),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <RoomHeader title="Usage" />
      <RoomPage>
        <MonthSwitch month={month} onChange={setMonth} />
        {usage.isError ? (
          <Banner
            tone="danger"
            title="The ledger did not open"
            action={<Button label="Try again" small icon="retry" onPress={() => void usage.refetch()} />}
          >
            {sayError(usage.error)}
          </Banner>
        ) : null}
        {usage.data ? <Month usage={usage.data} /> : usage.isPending ? <Blank /> : null}
      </RoomPage>
    </>
  );
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

export function Month({ usage }: { usage: Usage }) {
  const roomy = useRoomy();
  if (usage.total.calls === 0) {
    return (
      <EmptyState title="Nothing spent">
        {`Your bot made no calls in ${monthName(usage.month)}. Each one will be listed here with its price.`}
      </EmptyState>
    );
  }
  return (
    <>
      <Totals total={usage.total} />
      <Card label="By day">
        <Text kind="heading" level={2}>
          By day
        </Text>
        <DayChart usage={usage} />
      </Card>
      <View style={[s.pair, roomy && s.pairRoomy]}>
        <Part title="By model">
          <ShareList
            label="By model"
            ink="shell"
            parts={usage.byModel.map((p) => ({ ...p, name: p.model, tokens: p.tokensIn + p.tokensOut }))}
          />
        </Part>
        <Part title="By reason">
          <ShareList
            label="By reason"
            ink="thought"
            parts={usage.byCause.map((p) => ({
              ...p,
              name: causeWords(p.cause),
              tokens: p.tokensIn + p.tokensOut,
            }))}
          />
        </Part>
      </View>
      <Part title="Latest calls">
        <CallTable calls={usage.recent} />
      </Part>
    </>
  );
}

function Part({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card label={title} style={s.part}>
      <Text kind="heading" level={2}>
        {title}
      </Text>
      {children}
    </Card>
  );
}

function Totals({ total }: { total: Usage["total"] }) {
  return (
    <View style={s.totals}>
      <View style={s.big}>
        <Text kind="small" tone="muted">
          Token charge, price × 1.2 included
        </Text>
        <Text kind="hero" testID="usage-total">
          {formatDollars(BigInt(total.chargePicos))}
        </Text>
      </View>
      <View style={s.figures}>
        <Figure name="Calls" value={shortCount(total.calls)} />
        <Figure name="Tokens in" value={shortCount(total.tokensIn)} />
        <Figure name="Tokens out" value={shortCount(total.tokensOut)} />
      </View>
    </View>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <View>
      <Text kind="title">{value}</Text>
      <Text kind="small" tone="muted">
        {name}
      </Text>
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
  switch: { flexDirection: "row", alignItems: "center", alignSelf: "flex-start", marginLeft: -space.m },
  month: { minWidth: 150 },
  noNext: { width: 44 },
  totals: {
    flexDirection: "row",
    flexWrap: "wrap",
    alignItems: "flex-end",
    columnGap: space.xxl,
    rowGap: space.l,
  },
  figures: { flexDirection: "row", columnGap: space.xxl },
  big: { flexGrow: 1, minWidth: 220 },
  pair: { gap: space.xl },
  pairRoomy: { flexDirection: "row" },
  part: { flex: 1, minWidth: 0 },
  blank: { gap: space.xl },
});

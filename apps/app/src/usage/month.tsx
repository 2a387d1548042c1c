import { space } from "@molt/brand";
import { formatDollars, type Usage } from "@molt/contract";
import type { ReactNode } from "react";
import { StyleSheet, View } from "react-native";
import { useRoomy } from "../ui/layout.ts";
import { Card, EmptyState } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { CallTable } from "./call-table.tsx";
import { DayChart } from "./day-chart.tsx";
import { MessageCosts } from "./message-costs.tsx";
import { ShareList } from "./share-list.tsx";
import { causeWords, monthName, shortCount } from "./usage-format.ts";

export interface MonthProps {
  usage: Usage;
  /** Whether this device holds the message, so that the chat can show it. */
  isHere: (messageId: string) => boolean;
  /** Stands between the totals and their parts. */
  children?: ReactNode;
}

export function Month({ usage, isHere, children }: MonthProps) {
  if (usage.total.calls === 0) {
    return (
      <>
        <EmptyState title="Nothing spent">
          {`Your bot made no calls in ${monthName(usage.month)}. Each one will be listed here with its price.`}
        </EmptyState>
        {children}
        {usage.recent.length > 0 ? <Calls calls={usage.recent} /> : null}
      </>
    );
  }
  return (
    <>
      <Totals total={usage.total} />
      {children}
      <Card label="By day">
        <Text kind="heading" level={2}>
          By day
        </Text>
        <DayChart usage={usage} />
      </Card>
      {usage.byMessage.length > 0 ? (
        <Part title="By message">
          <MessageCosts messages={usage.byMessage} recent={usage.recent} isHere={isHere} />
        </Part>
      ) : null}
      <Shares usage={usage} />
      <Calls calls={usage.recent} />
    </>
  );
}

/** The month by what was asked, and by why. */
function Shares({ usage }: { usage: Usage }) {
  const roomy = useRoomy();
  return (
    <View style={[s.pair, roomy && s.pairRoomy]}>
      <Part title="By model" half={roomy}>
        <ShareList
          label="By model"
          ink="shell"
          parts={usage.byModel.map((p) => ({ ...p, name: p.model, tokens: p.tokensIn + p.tokensOut }))}
        />
      </Part>
      <Part title="By reason" half={roomy}>
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
  );
}

/** Refused calls cost nothing and still stand here: they explain a silent bot. */
function Calls({ calls }: { calls: Usage["recent"] }) {
  return (
    <Part title="Latest calls">
      <CallTable calls={calls} />
    </Part>
  );
}

/** `half` shares its row with another where there is room. */
function Part({ title, half, children }: { title: string; half?: boolean; children: ReactNode }) {
  return (
    <Card label={title} {...(half && { style: s.half })}>
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

const s = StyleSheet.create({
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
  half: { flex: 1, minWidth: 0 },
});

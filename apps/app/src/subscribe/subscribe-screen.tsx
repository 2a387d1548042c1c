import { space } from "@molt/brand";
import { entitled } from "@molt/contract";
import { useMutation } from "@tanstack/react-query";
import { Redirect, useLocalSearchParams } from "expo-router";
import { ScrollView, StyleSheet, View } from "react-native";
import { sayError } from "../session/api.ts";
import { homeFor } from "../session/home-for.ts";
import { useMe } from "../session/me.ts";
import { useDoors } from "../session/session.ts";
import { signOut } from "../session/sign-out.ts";
import { Button } from "../ui/button.tsx";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Wordmark } from "../ui/mark.tsx";
import { Banner, Card } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { useOpenCheckout, useOpenPortal } from "./use-money-pages.ts";

const gets: readonly { icon: IconName; title: string; text: string }[] = [
  {
    icon: "moon",
    title: "A machine of its own",
    text: "Nobody else's bot lives there. It sleeps when you do not need it and wakes when you write.",
  },
  {
    icon: "brain",
    title: "A memory you can look into",
    text: "See what it knows, as a picture and as its own words. It is yours.",
  },
  {
    icon: "chat",
    title: "Everywhere you are",
    text: "Web, iOS and Android, one conversation. It works on when you close the window.",
  },
  {
    icon: "usage",
    title: "Every cent in sight",
    text: "Tokens cost the provider's price × 1.2. Each call is listed with its price.",
  },
];

/** The one plan. What it costs, what one gets, and the way to the till. */
export function SubscribeScreen() {
  const { auth } = useDoors();
  const me = useMe();
  const leave = useMutation({ mutationFn: () => signOut(auth) });
  const { canceled } = useLocalSearchParams<{ canceled?: string }>();
  const status = me.data?.subscription.status;
  if (me.data && status && entitled.includes(status)) return <Redirect href={homeFor(me.data)} />;
  const owes = status === "past_due" || status === "unpaid" || status === "paused";
  return (
    <ScrollView contentContainerStyle={s.scroll}>
      <View role="main" style={s.column}>
        <View style={s.top}>
          <Wordmark />
          <Button label="Sign out" kind="ghost" small busy={leave.isPending} onPress={() => leave.mutate()} />
        </View>
        <View style={s.words}>
          <Text kind="title" level={1}>
            One plan. One bot. Yours.
          </Text>
          <Text tone="muted">Pay, and within a minute it is awake and answers you.</Text>
        </View>
        {leave.isError ? (
          <Banner tone="danger" title="Still signed in">
            {sayError(leave.error)}
          </Banner>
        ) : null}
        {canceled !== undefined ? (
          <Banner tone="muted" title="Nothing was charged">
            You came back before paying. The plan is here when you want it.
          </Banner>
        ) : null}
        {owes ? (
          <Banner tone="amber" title="A payment is open">
            Settle it and your bot wakes again. Everything it knows is kept.
          </Banner>
        ) : null}
        <Plan owes={owes} />
      </View>
    </ScrollView>
  );
}

/** The price, what it buys, and the button. Who owes money goes to the portal, where it can be paid. */
function Plan({ owes }: { owes: boolean }) {
  const checkout = useOpenCheckout();
  const portal = useOpenPortal();
  const failed = checkout.error ?? portal.error;
  return (
    <Card label="The plan">
      <View style={s.price}>
        <Text kind="hero">$50</Text>
        <Text tone="muted" style={s.per}>
          a month, plus tokens at cost × 1.2
        </Text>
      </View>
      <Gets />
      {failed ? (
        <Banner tone="danger" title="The payment page did not open">
          {sayError(failed)}
        </Banner>
      ) : null}
      {owes ? (
        <Button label="Settle the payment" wide busy={portal.isPending} onPress={() => portal.mutate()} />
      ) : (
        <Button label="Get your bot" wide busy={checkout.isPending} onPress={() => checkout.mutate()} />
      )}
      <Text kind="small" tone="muted" center>
        Cancel any month with two clicks. Paying happens at Stripe; we never see your card.
      </Text>
    </Card>
  );
}

function Gets() {
  const c = useColors();
  return (
    <View role="list" style={s.list}>
      {gets.map(({ icon, title, text }) => (
        <View key={title} role="listitem" style={s.item}>
          <View style={[s.itemIcon, { backgroundColor: c.shellSoft }]}>
            <Icon name={icon} size={20} color={c.shell} />
          </View>
          <View style={s.itemWords}>
            <Text kind="strong">{title}</Text>
            <Text kind="small" tone="muted">
              {text}
            </Text>
          </View>
        </View>
      ))}
    </View>
  );
}

const s = StyleSheet.create({
  scroll: { flexGrow: 1, padding: space.xl, justifyContent: "center" },
  column: { width: "100%", maxWidth: 560, alignSelf: "center", gap: space.xl },
  top: { flexDirection: "row", justifyContent: "space-between", alignItems: "center" },
  words: { gap: space.xs },
  price: { flexDirection: "row", alignItems: "baseline", flexWrap: "wrap", columnGap: space.m },
  per: { paddingBottom: space.xs },
  list: { gap: space.l, marginVertical: space.m },
  item: { flexDirection: "row", gap: space.m },
  itemIcon: {
    width: 40,
    height: 40,
    borderRadius: 12,
    borderTopLeftRadius: 4,
    alignItems: "center",
    justifyContent: "center",
  },
  itemWords: { flex: 1 },
});

import { space } from "@molt/brand";
import type { Me } from "@molt/contract";
import { useMutation } from "@tanstack/react-query";
import { useRouter } from "expo-router";
import { StyleSheet, View } from "react-native";
import { BotBadge } from "../chat/bot-badge.tsx";
import { ago } from "../chat/days.ts";
import { useChat } from "../chat/use-chat.ts";
import { sayError } from "../session/api.ts";
import { useMe } from "../session/me.ts";
import { useDoors } from "../session/session.ts";
import { signOut } from "../session/sign-out.ts";
import { useOpenPortal } from "../subscribe/use-money-pages.ts";
import { Button } from "../ui/button.tsx";
import { RoomHeader, RoomPage } from "../ui/room.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Badge, Banner, Skeleton } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { useAppearance } from "../ui/theme.ts";
import { DeleteAccount } from "./delete-account.tsx";
import { MailLanguage } from "./mail-language.tsx";
import { Line, Section } from "./section.tsx";
import { dateWords, periodWords, subscriptionLook } from "./settings-words.ts";

/** The account, the plan, the bot, the look, and the two doors out. */
export function SettingsScreen() {
  const me = useMe();
  return (
    <>
      <RoomHeader title="Settings" />
      <RoomPage>
        {me.isError ? (
          <Banner
            tone="danger"
            title="Your account did not load"
            action={<Button label="Try again" small icon="retry" onPress={() => void me.refetch()} />}
          >
            {sayError(me.error)}
          </Banner>
        ) : null}
        {me.data ? <Known me={me.data} /> : me.isPending ? <Blank /> : null}
        <Look />
        <Leave />
        {me.data ? <DeleteAccount me={me.data} /> : null}
      </RoomPage>
    </>
  );
}

function Known({ me }: { me: Me }) {
  const told = useChat((state) => state.transcript.bot);
  const bot = told ?? me.bot;
  return (
    <>
      <Section title="Account">
        <Line name="E-mail">{me.user.email}</Line>
        <Line name="Member since">{dateWords(me.user.createdAt)}</Line>
        <MailLanguage language={me.user.language} />
      </Section>
      <Section title="Subscription" aside={<Badge {...subscriptionLook(me.subscription.status)} />}>
        <Text tone="muted">{periodWords(me.subscription)}</Text>
        <Billing subscribed={me.subscription.status !== "none"} />
      </Section>
      <Section title="Your bot" aside={<BotBadge bot={bot} />}>
        {bot ? (
          <>
            <Line name="Born">{dateWords(bot.createdAt)}</Line>
            <Line name="Last active">{ago(bot.lastActiveAt, Date.now())}</Line>
            <Line name="Id" mono>
              {bot.id.slice(0, 8)}
            </Line>
          </>
        ) : (
          <Text tone="muted">It is born within a minute of the first payment.</Text>
        )}
      </Section>
    </>
  );
}

function Billing({ subscribed }: { subscribed: boolean }) {
  const router = useRouter();
  const portal = useOpenPortal();
  if (!subscribed) return <Button label="See the plan" small onPress={() => router.push("/subscribe")} />;
  return (
    <View style={s.action}>
      <Button
        label="Manage billing"
        kind="quiet"
        icon="external"
        small
        busy={portal.isPending}
        onPress={() => portal.mutate()}
      />
      <Text kind="small" tone="muted">
        Card, invoices and cancellation, at Stripe.
      </Text>
      {portal.isError ? (
        <Text kind="small" tone="danger" role="alert">
          {sayError(portal.error)}
        </Text>
      ) : null}
    </View>
  );
}

function Look() {
  const { appearance, setAppearance } = useAppearance();
  return (
    <Section title="Appearance">
      <Segmented
        label="Appearance"
        value={appearance}
        onChange={setAppearance}
        options={[
          { value: "system", label: "System" },
          { value: "light", label: "Light" },
          { value: "dark", label: "Dark" },
        ]}
      />
      <Text kind="small" tone="muted">
        Motion follows your system: with reduced motion nothing here breathes or swims.
      </Text>
    </Section>
  );
}

function Leave() {
  const { auth } = useDoors();
  const leave = useMutation({ mutationFn: () => signOut(auth) });
  return (
    <Section title="This device">
      <Text tone="muted">Signing out erases what this device has cached. Your bot and its memory stay.</Text>
      {leave.isError ? (
        <Text kind="small" tone="danger" role="alert">
          {sayError(leave.error)}
        </Text>
      ) : null}
      <Button label="Sign out" kind="danger" small busy={leave.isPending} onPress={() => leave.mutate()} />
    </Section>
  );
}

function Blank() {
  return (
    <View style={s.blank} aria-label="Loading your account">
      <Skeleton height={120} />
      <Skeleton height={150} />
    </View>
  );
}

const s = StyleSheet.create({
  action: { gap: space.xs },
  blank: { gap: space.xl },
});

/** Where the button of a sign-in mail leads: one more tap, so that a scanner that opens every link uses up none. */
import { space } from "@molt/brand";
import type { GoTrueClient as AuthClient } from "@supabase/auth-js";
import { useRouter } from "expo-router";
import { useEffect, useState } from "react";
import { StyleSheet, View } from "react-native";
import { useDoors } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Wordmark } from "../ui/mark.tsx";
import { Banner } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { type LinkType, type MailLink, readLink } from "./read-link.ts";
import { openLink } from "./verbs.ts";

const words: Record<LinkType, { title: string; text: string; button: string }> = {
  magiclink: { title: "Sign in here?", text: "You asked for this by mail.", button: "Sign in" },
  signup: {
    title: "Confirm your address",
    text: "Then it goes on to your bot.",
    button: "Confirm my address",
  },
  recovery: { title: "Back into your account", text: "You asked for this by mail.", button: "Sign in" },
  invite: {
    title: "You are invited",
    text: "An account was made for your address.",
    button: "Open my account",
  },
  email_change: {
    title: "Confirm the new address",
    text: "Both addresses are asked before anything changes.",
    button: "Confirm",
  },
};

export function EnterScreen() {
  const c = useColors();
  const { auth } = useDoors();
  const router = useRouter();
  const link = useLink();
  const toSignIn = () => router.replace("/sign-in");
  return (
    <View role="main" style={[s.page, { backgroundColor: c.bg }]}>
      <View style={s.column}>
        <Wordmark />
        {link === "reading" ? null : link ? (
          <LinkQuestion auth={auth} link={link} onDone={() => router.replace("/")} onCode={toSignIn} />
        ) : (
          <Broken onLeave={toSignIn} />
        )}
      </View>
    </View>
  );
}

/** Read once, after the page as it was built has become this page. */
function useLink(): MailLink | undefined | "reading" {
  const [link, setLink] = useState<MailLink | undefined | "reading">("reading");
  useEffect(() => setLink(readLink(globalThis.location?.hash ?? "")), []);
  return link;
}

export interface LinkQuestionProps {
  auth: AuthClient;
  link: MailLink;
  onDone: () => void;
  /** Somebody would rather type the code. */
  onCode: () => void;
}

/** Asks before it uses the link. */
export function LinkQuestion({ auth, link, onDone, onCode }: LinkQuestionProps) {
  const [opening, setOpening] = useState(false);
  const [refusal, setRefusal] = useState<string | undefined>();
  const { title, text, button } = words[link.type];
  async function open() {
    setOpening(true);
    const outcome = await openLink(auth, link);
    setOpening(false);
    if (outcome.kind === "refused") setRefusal(outcome.reason);
    else onDone();
  }
  return (
    <>
      <Text kind="title" level={1}>
        {title}
      </Text>
      <Text tone="muted">{text}</Text>
      {refusal ? (
        <Banner tone="danger" title="It did not work">
          {refusal}
        </Banner>
      ) : null}
      <Button label={button} wide busy={opening} onPress={() => void open()} />
      <Button label="Use a code instead" kind="ghost" small onPress={onCode} />
    </>
  );
}

function Broken({ onLeave }: { onLeave: () => void }) {
  return (
    <>
      <Text kind="title" level={1}>
        This link is not complete
      </Text>
      <Text tone="muted">Please open it from the mail again, or type the code that stands there.</Text>
      <Button label="To the sign-in" wide onPress={onLeave} />
    </>
  );
}

const s = StyleSheet.create({
  page: { flex: 1, alignItems: "center", justifyContent: "center", padding: space.xl },
  column: { width: "100%", maxWidth: 400, gap: space.l },
});

/** Lets a screen show only to whom it is for, and names the page in its tab. */
import { name } from "@molt/brand";
import { Redirect } from "expo-router";
import Head from "expo-router/head";
import { useEffect, useState, type ReactNode } from "react";
import { StyleSheet, View } from "react-native";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/surface.tsx";
import { Mark } from "../ui/mark.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { motionOf } from "../ui/web.ts";
import { startSession, useSession } from "./session.ts";

export interface GateProps {
  title: string;
  /** A member is signed in, a stranger is not. Whoever stands at the wrong door is led to the right one. */
  for: "member" | "stranger" | "anyone";
  children: ReactNode;
}

export function Gate({ title, for: whom, children }: GateProps) {
  const state = useSession((s) => s.state);
  useEffect(() => void startSession(), []);
  return (
    <>
      <Head>
        <title>{`${title} · ${name}`}</title>
      </Head>
      {state.phase === "starting" ? (
        <Splash />
      ) : state.phase === "broken" ? (
        <Broken reason={state.reason} />
      ) : whom === "anyone" || state.phase === whom ? (
        children
      ) : (
        <Redirect href={whom === "member" ? "/sign-in" : "/"} />
      )}
    </>
  );
}

/** Words appear only when the start is slow, so that a quick one does not flash. */
export function Splash() {
  const c = useColors();
  const [slow, setSlow] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setSlow(true), 2500);
    return () => clearTimeout(timer);
  }, []);
  return (
    <View role="main" style={[s.splash, { backgroundColor: c.bg }]}>
      <View {...motionOf("breathe")}>
        <Mark size={56} label={name} />
      </View>
      <Text kind="small" tone="muted" role="status">
        {slow ? "Still looking for the server…" : " "}
      </Text>
    </View>
  );
}

function Broken({ reason }: { reason: string }) {
  const c = useColors();
  return (
    <View role="main" style={[s.splash, { backgroundColor: c.bg }]}>
      <EmptyState
        level={1}
        title="The app could not start"
        action={<Button label="Try again" icon="retry" onPress={() => void startSession()} />}
      >
        {reason}
      </EmptyState>
    </View>
  );
}

const s = StyleSheet.create({
  splash: { flex: 1, alignItems: "center", justifyContent: "center", gap: 20 },
});

import { name, space } from "@molt/brand";
import { useMutation } from "@tanstack/react-query";
import { Redirect } from "expo-router";
import Head from "expo-router/head";
import { useEffect } from "react";
import { StyleSheet, View } from "react-native";
import { sayError } from "../session/api.ts";
import { useSession } from "../session/session.ts";
import { signOut } from "../session/sign-out.ts";
import { Button } from "../ui/button.tsx";
import { Mark } from "../ui/mark.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { useFarewell } from "./farewell.ts";

/** After the account is gone: says so, and forgets the sign-in and the words this device still holds. */
export function GoodbyeScreen() {
  const said = useFarewell((s) => s.said);
  const state = useSession((s) => s.state);
  const auth = state.phase === "member" ? state.doors.auth : null;
  const leave = useMutation({ mutationFn: signOut });
  const { mutate } = leave;
  useEffect(() => {
    if (said && auth) mutate(auth);
  }, [said, auth, mutate]);
  const c = useColors();
  if (!said) return <Redirect href="/" />;
  return (
    <View role="main" style={[s.page, { backgroundColor: c.bg }]}>
      <Head>
        <title>{`Goodbye · ${name}`}</title>
      </Head>
      <Mark size={56} color={c.edge} />
      <Text kind="title" level={1} center>
        Goodbye
      </Text>
      <Text tone="muted" center style={s.words}>
        Your account is closed. Your bot is being taken down with everything it knew; when that is done, a
        last mail tells you so. Thank you for the time.
      </Text>
      {leave.isError ? (
        <View style={s.trouble}>
          <Text kind="small" tone="danger" role="alert" center>
            {sayError(leave.error)}
          </Text>
          <Button label="Forget me on this device" kind="quiet" small onPress={() => auth && mutate(auth)} />
        </View>
      ) : null}
    </View>
  );
}

const s = StyleSheet.create({
  page: { flex: 1, alignItems: "center", justifyContent: "center", gap: space.l, padding: space.xl },
  words: { maxWidth: 420 },
  trouble: { alignItems: "center", gap: space.s },
});

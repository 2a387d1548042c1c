import { breakpoints, promise, space } from "@molt/brand";
import { useState } from "react";
import { ScrollView, StyleSheet, useWindowDimensions, View } from "react-native";
import { useDoors } from "../session/session.ts";
import { hinge } from "../ui/layout.ts";
import { Mark, Wordmark } from "../ui/mark.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { motionOf } from "../ui/web.ts";
import { CodeForm } from "./code-form.tsx";
import { PasswordForm } from "./password-form.tsx";
import type { CodeType } from "./verbs.ts";

/** Sign in, create an account, or type the code from the mail. Success is seen by the gate, which leads on. */
export function SignInScreen() {
  const { auth } = useDoors();
  const c = useColors();
  const roomy = useWindowDimensions().width >= breakpoints.desktop;
  const [sent, setSent] = useState<{ email: string; type: CodeType } | null>(null);
  return (
    <View style={s.page}>
      <ScrollView contentContainerStyle={s.scroll} keyboardShouldPersistTaps="handled">
        <View role="main" style={s.column}>
          <Wordmark />
          {sent ? (
            <CodeForm auth={auth} email={sent.email} type={sent.type} onBack={() => setSent(null)} />
          ) : (
            <PasswordForm auth={auth} onCodeSent={(email, type) => setSent({ email, type })} />
          )}
        </View>
      </ScrollView>
      {roomy ? (
        <View
          role="complementary"
          aria-label="About"
          style={[s.side, hinge("topRight", 40), { backgroundColor: c.shell }]}
        >
          <View style={s.sideArt} {...motionOf("swim")}>
            <Mark size={340} color={c.onShell} />
          </View>
          <Text kind="title" style={{ color: c.onShell }}>
            {promise}
          </Text>
        </View>
      ) : null}
    </View>
  );
}

const s = StyleSheet.create({
  page: { flex: 1, flexDirection: "row" },
  scroll: { flexGrow: 1, justifyContent: "center", padding: space.xl },
  column: { width: "100%", maxWidth: 400, alignSelf: "center", gap: space.xl },
  side: {
    width: "44%",
    margin: space.l,
    padding: space.xxxl,
    justifyContent: "flex-end",
    gap: space.xxl,
    overflow: "hidden",
  },
  sideArt: { flex: 1, alignItems: "center", justifyContent: "center" },
});

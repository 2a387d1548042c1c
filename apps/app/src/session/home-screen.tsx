import { Redirect } from "expo-router";
import { View } from "react-native";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/surface.tsx";
import { sayError } from "./api.ts";
import { Splash } from "./gate.tsx";
import { homeFor } from "./home-for.ts";
import { useMe } from "./me.ts";

/** The front door: looks who came and leads on. */
export function HomeScreen() {
  const me = useMe();
  if (me.data) return <Redirect href={homeFor(me.data)} />;
  if (!me.isError) return <Splash />;
  return (
    <View role="main" style={{ flex: 1, justifyContent: "center" }}>
      <EmptyState
        level={1}
        title="We cannot reach your account"
        action={<Button label="Try again" icon="retry" onPress={() => void me.refetch()} />}
      >
        {sayError(me.error)}
      </EmptyState>
    </View>
  );
}

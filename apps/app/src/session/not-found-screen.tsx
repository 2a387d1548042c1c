import { name } from "@molt/brand";
import { useRouter } from "expo-router";
import Head from "expo-router/head";
import { View } from "react-native";
import { Button } from "../ui/button.tsx";
import { EmptyState } from "../ui/surface.tsx";

export function NotFoundScreen() {
  const router = useRouter();
  return (
    <View role="main" style={{ flex: 1, justifyContent: "center" }}>
      <Head>
        <title>{`Nothing here · ${name}`}</title>
      </Head>
      <EmptyState
        level={1}
        title="An empty shell"
        action={<Button label="Go home" onPress={() => router.replace("/")} />}
      >
        Whatever lived at this address has moved on.
      </EmptyState>
    </View>
  );
}

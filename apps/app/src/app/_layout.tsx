import { QueryClientProvider } from "@tanstack/react-query";
import { Slot } from "expo-router";
import { StatusBar } from "expo-status-bar";
import { View } from "react-native";
import { SafeAreaProvider } from "react-native-safe-area-context";
import { queryClient } from "../session/query-client.ts";
import { useColors } from "../ui/theme.ts";

export default function RootLayout() {
  const c = useColors();
  return (
    <SafeAreaProvider>
      <QueryClientProvider client={queryClient}>
        <StatusBar style="auto" />
        <View style={{ flex: 1, backgroundColor: c.bg }}>
          <Slot />
        </View>
      </QueryClientProvider>
    </SafeAreaProvider>
  );
}

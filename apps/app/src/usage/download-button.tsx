import { space } from "@molt/brand";
import { exportUsage } from "@molt/contract";
import { useMutation } from "@tanstack/react-query";
import { Platform, StyleSheet, View } from "react-native";
import { sayError } from "../session/api.ts";
import { useDoors } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Text } from "../ui/text.tsx";
import { saveFile } from "./save-file.ts";

/** The month call by call, for a spreadsheet. */
export function DownloadButton({ month }: { month: string }) {
  const { api } = useDoors();
  const download = useMutation({
    mutationFn: async () => saveFile(`molt-usage-${month}.csv`, await api.call(exportUsage, { month })),
  });
  return (
    <View style={s.wrap}>
      <Button
        label={Platform.OS === "web" ? "Download as CSV" : "Share as CSV"}
        kind="quiet"
        icon="file"
        small
        busy={download.isPending}
        onPress={() => download.mutate()}
      />
      {download.isError ? (
        <Text kind="small" tone="danger" role="alert">
          {sayError(download.error)}
        </Text>
      ) : null}
    </View>
  );
}

const s = StyleSheet.create({ wrap: { gap: space.xs } });

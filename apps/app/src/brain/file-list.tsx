import { radius, space } from "@molt/brand";
import type { Brain } from "@molt/contract";
import { Pressable, StyleSheet, View } from "react-native";
import { ago } from "../chat/days.ts";
import { Icon } from "../ui/icon.tsx";
import { hinge, useRoomy } from "../ui/layout.ts";
import { RoomPage } from "../ui/room.tsx";
import { Card, EmptyState } from "../ui/surface.tsx";
import { Text } from "../ui/text.tsx";
import { useColors } from "../ui/theme.ts";
import { bytes } from "./brain-words.ts";

export interface FileListProps {
  files: Brain["files"];
  open: string | null;
  onOpen: (name: string) => void;
}

/** The bot's own words: who it is, what it knows about its human, what it wrote down. */
export function FileList({ files, open, onOpen }: FileListProps) {
  const roomy = useRoomy();
  const file = files.find((f) => f.name === open) ?? files[0];
  if (!file) {
    return (
      <EmptyState title="Nothing written down yet">
        Your bot keeps notes as you talk. They will stand here, word for word.
      </EmptyState>
    );
  }
  return (
    <RoomPage>
      <View style={[s.both, roomy && s.bothRoomy]}>
        <View role="navigation" aria-label="Files" style={[s.names, roomy ? s.namesRoomy : s.namesPhone]}>
          {files.map((f) => (
            <FileName key={f.name} name={f.name} here={f.name === file.name} onOpen={onOpen} />
          ))}
        </View>
        <Card label={file.name} style={s.paper}>
          <Text kind="heading" level={2}>
            {file.name}
          </Text>
          <Text kind="small" tone="muted">
            {[bytes(file.size), file.updatedAt && `changed ${ago(file.updatedAt, Date.now())}`]
              .filter(Boolean)
              .join(" · ")}
          </Text>
          <Text kind="code" selectable>
            {file.text || "(empty)"}
          </Text>
          {file.truncated ? (
            <Text kind="small" tone="muted">
              Only the first 32 KB are shown here.
            </Text>
          ) : null}
        </Card>
      </View>
    </RoomPage>
  );
}

function FileName({ name, here, onOpen }: { name: string; here: boolean; onOpen: (name: string) => void }) {
  const c = useColors();
  return (
    <Pressable
      role="button"
      aria-label={name}
      aria-pressed={here}
      onPress={() => onOpen(name)}
      style={[
        s.name,
        hinge("topLeft", radius.s + 4),
        { backgroundColor: here ? c.thoughtSoft : "transparent" },
      ]}
    >
      <Icon name="file" size={18} color={here ? c.thought : c.muted} />
      <Text kind="label" tone={here ? "text" : "muted"} numberOfLines={1}>
        {name}
      </Text>
    </Pressable>
  );
}

const s = StyleSheet.create({
  both: { gap: space.l },
  bothRoomy: { flexDirection: "row" },
  names: { gap: space.xs },
  namesRoomy: { width: 210 },
  namesPhone: { flexDirection: "row", flexWrap: "wrap" },
  name: {
    flexDirection: "row",
    alignItems: "center",
    gap: space.s,
    minHeight: 44,
    paddingHorizontal: space.m,
    maxWidth: "100%",
  },
  paper: { flex: 1, minWidth: 0 },
});

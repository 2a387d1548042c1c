import { space } from "@molt/brand";
import { getBrain, type Brain } from "@molt/contract";
import { useQuery } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { StyleSheet, View } from "react-native";
import { sayError } from "../session/api.ts";
import { useDoors, useSession } from "../session/session.ts";
import { readSetting, writeSetting } from "../session/settings-store.ts";
import { Button } from "../ui/button.tsx";
import { useRoomy } from "../ui/layout.ts";
import { RoomHeader } from "../ui/room.tsx";
import { Segmented } from "../ui/segmented.tsx";
import { Badge, Banner, EmptyState, Skeleton } from "../ui/surface.tsx";
import { useNow } from "../ui/use-now.ts";
import { BrainCanvas } from "./brain-canvas.tsx";
import { freshness } from "./brain-words.ts";
import { FileList } from "./file-list.tsx";
import { Legend } from "./legend.tsx";
import type { Positions } from "./layout.ts";
import { NodeList } from "./node-list.tsx";
import { NodePanel } from "./node-panel.tsx";
import { readPositions } from "./read-positions.ts";

type Side = "picture" | "list" | "files";

const pollMs = 8000;

/** A look into the bot's head. */
export function BrainScreen() {
  const { api } = useDoors();
  const brain = useQuery({
    queryKey: ["brain"],
    queryFn: async ({ signal }) => (await api.call(getBrain, {}, signal)).brain,
    refetchInterval: (query) => (query.state.data?.live ? pollMs : pollMs * 4),
  });
  const now = useNow(30_000);
  const [side, setSide] = useState<Side>("picture");
  const known = brain.data;
  return (
    <>
      <RoomHeader title="Brain">
        {known ? (
          <Badge
            tone={known.live ? "kelp" : "thought"}
            label={freshness(known, now)}
            live={known.live}
            testID="brain-freshness"
          />
        ) : null}
      </RoomHeader>
      {known ? (
        <Mind brain={known} side={side} onSide={setSide} />
      ) : (
        <View style={s.middle}>
          {brain.isError ? (
            <Banner
              tone="danger"
              title="Its mind could not be read"
              action={<Button label="Try again" small icon="retry" onPress={() => void brain.refetch()} />}
            >
              {sayError(brain.error)}
            </Banner>
          ) : brain.isPending ? (
            <Skeleton width={220} height={220} />
          ) : (
            <EmptyState title="Nothing in its head yet">
              As soon as your bot was awake once, you see here what it knows, and how it hangs together.
            </EmptyState>
          )}
        </View>
      )}
    </>
  );
}

function Mind({ brain, side, onSide }: { brain: Brain; side: Side; onSide: (side: Side) => void }) {
  const roomy = useRoomy();
  const [selected, setSelected] = useState<string | null>(null);
  const [file, setFile] = useState<string | null>(null);
  const node = brain.nodes.find((n) => n.id === selected) ?? null;
  const read = (name: string) => {
    setFile(name);
    setSelected(null);
    onSide("files");
  };
  return (
    <View style={s.all}>
      <View style={s.bar}>
        <Segmented
          label="How to look at it"
          value={side}
          onChange={onSide}
          options={[
            { value: "picture", label: "Picture" },
            { value: "list", label: "List" },
            { value: "files", label: "Files" },
          ]}
        />
      </View>
      {side === "picture" ? (
        <Picture brain={brain} selected={selected} onSelect={setSelected} />
      ) : side === "list" ? (
        <NodeList brain={brain} onSelect={setSelected} />
      ) : (
        <FileList files={brain.files} open={file} onOpen={setFile} />
      )}
      {node && side !== "files" ? (
        <View style={roomy ? s.panelRoomy : s.panelPhone}>
          <NodePanel brain={brain} node={node} onSelect={setSelected} onRead={read} />
        </View>
      ) : null}
    </View>
  );
}

interface PictureProps {
  brain: Brain;
  selected: string | null;
  onSelect: (id: string | null) => void;
}

function Picture({ brain, selected, onSelect }: PictureProps) {
  const { known, keep } = usePositions();
  const select = useCallback(async (id: string | null) => onSelect(id), [onSelect]);
  return (
    <View style={s.all}>
      <View style={s.all}>
        <View style={StyleSheet.absoluteFill}>
          <BrainCanvas brain={brain} selected={selected} known={known} onSelect={select} onPositions={keep} />
        </View>
      </View>
      <Legend nodes={brain.nodes} />
    </View>
  );
}

/** Where the nodes stood last time on this device. */
function usePositions(): { known: Positions; keep: (positions: Positions) => Promise<void> } {
  const session = useSession((state) => state.state);
  const key = `molt.brain.${session.phase === "member" ? session.userId : ""}`;
  const [known] = useState(() => readPositions(readSetting(key)));
  const keep = useCallback(
    async (positions: Positions) => writeSetting(key, JSON.stringify(positions)),
    [key],
  );
  return { known, keep };
}

const s = StyleSheet.create({
  all: { flex: 1, minHeight: 0 },
  middle: { flex: 1, alignItems: "center", justifyContent: "center", padding: space.xl },
  bar: { padding: space.l, paddingBottom: 0, paddingLeft: space.xl },
  panelRoomy: { position: "absolute", top: space.l, right: space.l, width: 320, maxHeight: "80%" },
  panelPhone: { position: "absolute", left: space.m, right: space.m, bottom: space.m, maxHeight: "55%" },
});

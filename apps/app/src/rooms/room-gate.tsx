import type { ReactNode } from "react";
import { BotBadge } from "../chat/bot-badge.tsx";
import { useChat, useLiveChat } from "../chat/use-chat.ts";
import { Gate } from "../session/gate.tsx";
import { Rooms } from "../ui/room.tsx";

/** A room of the house: for members, with the way to the others, and the bot's socket up in all of them. */
export function RoomGate({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Gate title={title} for="member">
      <LiveRooms>{children}</LiveRooms>
    </Gate>
  );
}

function LiveRooms({ children }: { children: ReactNode }) {
  useLiveChat();
  return <Rooms foot={<Bot />}>{children}</Rooms>;
}

function Bot() {
  return <BotBadge bot={useChat((s) => s.transcript.bot)} testID="rail-bot-status" />;
}

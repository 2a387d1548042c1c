import { ChatScreen } from "../chat/chat-screen.tsx";
import { RoomGate } from "../rooms/room-gate.tsx";

export default function Chat() {
  return (
    <RoomGate title="Chat">
      <ChatScreen />
    </RoomGate>
  );
}

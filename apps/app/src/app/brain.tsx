import { BrainScreen } from "../brain/brain-screen.tsx";
import { RoomGate } from "../rooms/room-gate.tsx";

export default function Brain() {
  return (
    <RoomGate title="Brain">
      <BrainScreen />
    </RoomGate>
  );
}

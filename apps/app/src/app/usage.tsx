import { UsageScreen } from "../usage/usage-screen.tsx";
import { RoomGate } from "../rooms/room-gate.tsx";

export default function Usage() {
  return (
    <RoomGate title="Usage">
      <UsageScreen />
    </RoomGate>
  );
}

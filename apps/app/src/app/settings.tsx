import { SettingsScreen } from "../settings/settings-screen.tsx";
import { RoomGate } from "../rooms/room-gate.tsx";

export default function Settings() {
  return (
    <RoomGate title="Settings">
      <SettingsScreen />
    </RoomGate>
  );
}

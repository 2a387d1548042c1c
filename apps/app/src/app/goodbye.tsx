import { GoodbyeScreen } from "../settings/goodbye-screen.tsx";

export default function Goodbye() {
  return <GoodbyeScreen />;
}

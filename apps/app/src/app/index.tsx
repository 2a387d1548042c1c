import { Gate } from "../session/gate.tsx";
import { HomeScreen } from "../session/home-screen.tsx";

export default function Index() {
  return (
    <Gate title="Welcome" for="member">
      <HomeScreen />
    </Gate>
  );
}

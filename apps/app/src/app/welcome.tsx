import { BirthScreen } from "../birth/birth-screen.tsx";
import { Gate } from "../session/gate.tsx";

export default function Welcome() {
  return (
    <Gate title="Your bot is born" for="member">
      <BirthScreen />
    </Gate>
  );
}

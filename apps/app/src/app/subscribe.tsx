import { SubscribeScreen } from "../subscribe/subscribe-screen.tsx";
import { Gate } from "../session/gate.tsx";

export default function Subscribe() {
  return (
    <Gate title="Your plan" for="member">
      <SubscribeScreen />
    </Gate>
  );
}

import { EnterScreen } from "../auth/enter-screen.tsx";
import { Gate } from "../session/gate.tsx";

export default function Enter() {
  return (
    <Gate title="Sign in" for="anyone">
      <EnterScreen />
    </Gate>
  );
}

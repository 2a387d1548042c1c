import { SignInScreen } from "../auth/sign-in-screen.tsx";
import { Gate } from "../session/gate.tsx";

export default function SignIn() {
  return (
    <Gate title="Sign in" for="stranger">
      <SignInScreen />
    </Gate>
  );
}

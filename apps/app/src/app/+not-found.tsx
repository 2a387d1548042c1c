import { NotFoundScreen } from "../session/not-found-screen.tsx";

export default function NotFound() {
  return <NotFoundScreen />;
}

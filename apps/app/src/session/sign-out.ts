/** Leaves this device only: other devices stay signed in. What was cached here is erased. */
import type { GoTrueClient as AuthClient } from "@supabase/auth-js";
import { closeChat } from "../chat/use-chat.ts";
import { queryClient } from "./query-client.ts";
import { clearSettings } from "./settings-store.ts";

export async function signOut(auth: AuthClient): Promise<void> {
  closeChat();
  queryClient.clear();
  clearSettings("molt.chat.");
  clearSettings("molt.brain.");
  await auth.signOut({ scope: "local" });
}

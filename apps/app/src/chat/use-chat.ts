/** The one chat client of the signed-in user, and hooks to read it. */
import { useEffect } from "react";
import { AppState, Platform } from "react-native";
import { useStore } from "zustand";
import { useSession, type Doors } from "../session/session.ts";
import { ChatClient, type ChatState } from "./chat-client.ts";
import { newId } from "./new-id.ts";

let current: { userId: string; doors: Doors; client: ChatClient } | null = null;

function clientFor(userId: string, doors: Doors): ChatClient {
  if (current?.userId === userId && current.doors === doors) return current.client;
  current?.client.stop();
  const client = new ChatClient({
    userId,
    url: `${doors.config.apiUrl.replace(/^http/, "ws")}/chat`,
    api: doors.api,
    token: (fresh) => doors.token(fresh),
    WebSocket: globalThis.WebSocket,
    newId,
    now: () => new Date(),
  });
  current = { userId, doors, client };
  return client;
}

/** Signing out, here or in another tab, ends the conversation on this device. */
useSession.subscribe(({ state }) => {
  if (state.phase === "member" || current === null) return;
  current.client.stop();
  current = null;
});

/** @throws when nobody is signed in: chat screens live behind the gate. */
export function useChatClient(): ChatClient {
  const state = useSession((s) => s.state);
  if (state.phase !== "member") throw new Error("chat outside the gate");
  return clientFor(state.userId, state.doors);
}

export function useChat<T>(select: (state: ChatState) => T): T {
  return useStore(useChatClient().store, select);
}

/** Keeps the socket up while mounted, and tries at once when the network or the page comes back. */
export function useLiveChat(): ChatClient {
  const client = useChatClient();
  useEffect(() => {
    client.start();
    const nudge = () => client.nudge();
    const subscription = AppState.addEventListener("change", (state) => state === "active" && nudge());
    if (Platform.OS === "web") window.addEventListener("online", nudge);
    return () => {
      subscription.remove();
      if (Platform.OS === "web") window.removeEventListener("online", nudge);
    };
  }, [client]);
  return client;
}

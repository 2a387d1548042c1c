/**
 * Who is signed in, and the doors that opens: one auth-js client, one api, for the life of the app.
 * Other tabs and the refresh timer report through onAuthStateChange; nothing else writes the phase.
 */
import { GoTrueClient as AuthClient, type Session } from "@supabase/auth-js";
import { Platform } from "react-native";
import { create } from "zustand";
import { createApi, type Api } from "./api.ts";
import { authStorage } from "./auth-storage.ts";
import { loadConfig, type AppConfig } from "./config.ts";
import { queryClient } from "./query-client.ts";
import { hydrateSettings } from "./settings-store.ts";
import { signOut } from "./sign-out.ts";

export interface Doors {
  readonly config: AppConfig;
  readonly auth: AuthClient;
  readonly api: Api;
  /** A token good for at least another minute, or null when signed out. @throws when the service cannot be reached. */
  token(fresh?: boolean): Promise<string | null>;
}

export type SessionState =
  | { readonly phase: "starting" }
  | { readonly phase: "broken"; readonly reason: string }
  | { readonly phase: "stranger"; readonly doors: Doors }
  | { readonly phase: "member"; readonly doors: Doors; readonly userId: string; readonly email: string };

export const useSession = create<{ state: SessionState }>(() => ({ state: { phase: "starting" } }));

const settle = (state: SessionState) => useSession.setState({ state });

let began = false;

/** Safe to call again: a second call while the first holds does nothing; after a failure it tries anew. */
export async function startSession(): Promise<void> {
  if (began) return;
  began = true;
  settle({ phase: "starting" });
  try {
    await hydrateSettings();
    const config = await loadConfig(Platform.OS === "web", AbortSignal.timeout(10_000));
    const doors = openDoors(config);
    const { data } = await doors.auth.getSession();
    enter(doors, data.session);
    doors.auth.onAuthStateChange((_event, session) => enter(doors, session));
  } catch (error) {
    began = false;
    settle({ phase: "broken", reason: error instanceof Error ? error.message : "The app could not start." });
  }
}

function openDoors(config: AppConfig): Doors {
  const auth = new AuthClient({
    url: `${config.apiUrl}/auth/v1`,
    ...(config.publishableKey && { headers: { apikey: config.publishableKey } }),
    storageKey: "molt.session",
    storage: authStorage,
    autoRefreshToken: true,
    persistSession: true,
    detectSessionInUrl: false,
  });
  const token = async (fresh = false) => {
    const { data, error } = fresh ? await auth.refreshSession() : await auth.getSession();
    // A sign-in service that cannot be reached has not signed anybody out.
    if (error?.name === "AuthRetryableFetchError") throw error;
    return data.session?.access_token ?? null;
  };
  // Where the sign-in service cannot be told, the next answer of the api tries again.
  const ended = () => void signOut(auth).catch(() => undefined);
  const api = createApi({ apiUrl: config.apiUrl, token, ended, fetch: (...args) => fetch(...args) });
  return { config, auth, api, token };
}

/** What was asked on behalf of one person is never shown to the next one, also when another tab signed out. */
function enter(doors: Doors, session: Session | null): void {
  const now = useSession.getState().state;
  if (now.phase === "member" && now.userId !== session?.user.id) queryClient.clear();
  if (!session) {
    if (now.phase !== "stranger") settle({ phase: "stranger", doors });
    return;
  }
  const { id, email = "" } = session.user;
  if (now.phase === "member" && now.userId === id && now.email === email) return;
  settle({ phase: "member", doors, userId: id, email });
}

/** The doors of a screen behind the gate. @throws when used outside of it, which is a bug. */
export function useDoors(): Doors {
  const state = useSession((s) => s.state);
  if (state.phase !== "member" && state.phase !== "stranger") throw new Error("useDoors outside the gate");
  return state.doors;
}

/** Leaves this device only: other devices stay signed in. What was cached here is erased. */
import type { GoTrueClient as AuthClient } from "@supabase/auth-js";
import { sayAuthError } from "../auth/error-texts.ts";
import { ApiError } from "./api.ts";
import { clearSettings } from "./settings-store.ts";

/** @throws {ApiError} with a sentence when the sign-in service cannot be told; then one is still signed in. */
export async function signOut(auth: AuthClient): Promise<void> {
  const { error } = await auth.signOut({ scope: "local" });
  if (error) throw new ApiError(error.code ?? "offline", sayAuthError(error), { cause: error });
  clearSettings("molt.chat.");
  clearSettings("molt.brain.");
}

import { create } from "zustand";

/** Whether this account was deleted here just now: only then is there a goodbye to say. */
export const useFarewell = create<{ said: boolean }>(() => ({ said: false }));

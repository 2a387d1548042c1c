/** The budget of the signed-in user, live from the chat's socket, and the verbs that change it. */
import { pauseSpending, resumeSpending, setCaps, type BudgetView } from "@molt/contract";
import { useMutation } from "@tanstack/react-query";
import { useChat, useChatClient } from "../chat/use-chat.ts";
import { useDoors } from "../session/session.ts";

/** Null until the api has told it, and for somebody without a bot. */
export function useBudget(): BudgetView | null {
  return useChat((s) => s.budget);
}

const pausedWords = "You stopped your bot’s spending. It goes on when you say so.";

/** Stops spending or lets it go on. Shown at once, taken back when the api refuses. */
export function useHold() {
  const { api } = useDoors();
  const client = useChatClient();
  return useMutation({
    mutationFn: (wanted: "pause" | "resume") =>
      wanted === "pause" ? api.call(pauseSpending, {}) : api.call(resumeSpending, {}),
    onMutate(wanted) {
      const before = client.store.getState().budget;
      if (!before) return undefined;
      const hold =
        wanted === "resume"
          ? null
          : { reason: "user" as const, since: new Date().toISOString(), message: pausedWords };
      const guess: BudgetView = { ...before, hold };
      client.learnBudget(guess);
      return { before, guess };
    },
    onSuccess: ({ budget }) => client.learnBudget(budget),
    onError(_error, _wanted, shown) {
      // What the api has told meanwhile is newer than what stood here before the press.
      if (shown && client.store.getState().budget === shown.guess) client.learnBudget(shown.before);
    },
  });
}

export function useSetCaps() {
  const { api } = useDoors();
  const client = useChatClient();
  return useMutation({
    mutationFn: (caps: Parameters<typeof api.call<typeof setCaps>>[1]) => api.call(setCaps, caps),
    onSuccess: ({ budget }) => client.learnBudget(budget),
  });
}

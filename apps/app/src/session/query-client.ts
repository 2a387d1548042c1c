import { QueryClient } from "@tanstack/react-query";
import { ApiError } from "./api.ts";

/** Retries only what the api calls retryable, twice, with a pause that grows. */
export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      retry: (count, error) => count < 2 && error instanceof ApiError && error.retryable,
      retryDelay: (attempt) => 800 * 2 ** attempt,
    },
    mutations: { retry: false },
  },
});

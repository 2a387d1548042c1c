/** Who I am and what my bot does, as one query. */
import { getMe, type Me } from "@molt/contract";
import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import { useDoors } from "./session.ts";

export const meKey = ["me"] as const;

/** `everyMs` polls: the fallback of screens that wait for the bot while the socket is down. */
export function useMe(everyMs?: number): UseQueryResult<Me> {
  const { api } = useDoors();
  return useQuery({
    queryKey: meKey,
    queryFn: ({ signal }) => api.call(getMe, {}, signal),
    ...(everyMs !== undefined && { refetchInterval: everyMs }),
  });
}

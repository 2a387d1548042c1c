/** The pages of the payment service: opened in this tab on the web, in a browser above the app on a phone. */
import { createCheckout, createPortal } from "@molt/contract";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { meKey } from "../session/me.ts";
import { useDoors } from "../session/session.ts";
import { openMoneyPage } from "./open-money-page.ts";

export function useOpenCheckout() {
  const { api } = useDoors();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () => openMoneyPage((await api.call(createCheckout, {})).checkoutUrl),
    onSuccess: () => queries.invalidateQueries({ queryKey: meKey }),
  });
}

export function useOpenPortal() {
  const { api } = useDoors();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () => openMoneyPage((await api.call(createPortal, {})).portalUrl),
    onSuccess: () => queries.invalidateQueries({ queryKey: meKey }),
  });
}

/** Leaves for the payment page in this tab; it comes back to us. Never answers when it works. */
export function openMoneyPage(url: string): Promise<void> {
  window.location.assign(url);
  // The page is on its way out: the button stays busy until it is gone.
  return new Promise(() => undefined);
}

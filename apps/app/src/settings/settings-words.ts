/** The subscription and dates in words. Pure. */
import type { Me, SubscriptionStatus } from "@molt/contract";
import type { BadgeTone } from "../ui/surface.tsx";

const words = {
  none: ["muted", "No subscription"],
  incomplete: ["amber", "Payment not finished"],
  incomplete_expired: ["muted", "Payment not finished"],
  trialing: ["kelp", "On trial"],
  active: ["kelp", "Active"],
  past_due: ["amber", "Payment open"],
  unpaid: ["danger", "Unpaid"],
  canceled: ["muted", "Canceled"],
  paused: ["amber", "Paused"],
} satisfies Record<SubscriptionStatus, [BadgeTone, string]>;

export function subscriptionLook(status: SubscriptionStatus): { tone: BadgeTone; label: string } {
  const [tone, label] = words[status];
  return { tone, label };
}

export function dateWords(iso: string, locale?: string): string {
  return new Date(iso).toLocaleDateString(locale, { day: "numeric", month: "long", year: "numeric" });
}

/** When money moves next, or when it ends. */
export function periodWords(subscription: Me["subscription"], locale?: string): string {
  const { status, currentPeriodEnd, cancelAtPeriodEnd } = subscription;
  if (currentPeriodEnd === null || status === "none" || status === "canceled")
    return "$50 a month, plus tokens at cost × 1.2.";
  const day = dateWords(currentPeriodEnd, locale);
  return cancelAtPeriodEnd
    ? `Ends on ${day}. Until then nothing changes.`
    : `Renews on ${day}, $50 plus tokens.`;
}

/** Whether the typed address is the account's, however it is written large or small. */
export function isSameAddress(typed: string, email: string): boolean {
  const canonical = (text: string) => text.trim().normalize("NFKC").toLowerCase();
  return canonical(typed) === canonical(email);
}

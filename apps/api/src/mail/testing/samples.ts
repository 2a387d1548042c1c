/** Data for one mail of every template, for tests and for the pictures in docs/. */
import type { DataOf, TemplateName } from "../templates.ts";

export const entryId = "0b8f4f3e-7f0b-4d7f-9a53-5d9d5d0c7a11";
export const samples: { [T in TemplateName]: DataOf<T> } = {
  "confirm-waitlist": { entryId },
  "waitlist-invitation": { entryId },
  "sign-in": {
    purpose: "magiclink",
    code: "482913",
    link: "https://app.example/enter#magiclink.7d5b7b1964cf5d388340a7f04f1d",
    minutes: 10,
  },
  welcome: {},
  "bot-ready": {},
  "payment-failed": { amountCents: 5000, currency: "usd" },
  paused: { reason: "payment" },
  "back-again": {},
  "cap-reached": { percent: 80, spentPicos: "80000000000000", capPicos: "100000000000000" },
  "spending-held": { reason: "loop", note: null },
  invoice: {
    number: "MOLT-0001",
    totalCents: 6979,
    currency: "usd",
    from: "2026-11-01",
    to: "2026-11-30",
    url: "https://pay.example/i/1?a=1&b=2",
  },
  "weekly-digest": {
    from: "2026-11-16",
    to: "2026-11-22",
    messages: 41,
    calls: 1234,
    unattendedCalls: 7,
    chargePicos: "3450000000000",
  },
  "account-deleted": {},
};

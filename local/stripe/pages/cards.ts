/** The ways to pay that the hosted pages offer. No card number is ever asked for. */
import type { Payment } from "../cycle/pay-session.ts";
import { html, type Html } from "./html.ts";

export interface Way {
  id: string;
  name: string;
  hint: string;
  payment: Payment;
}

const works: Way = {
  id: "works",
  name: "A card that works",
  hint: "Visa •••• 4242, paid at once",
  payment: { card: { brand: "visa", last4: "4242", works: true }, delayed: false },
};
const declined: Way = {
  id: "declined",
  name: "A card that is declined",
  hint: "Visa •••• 0002, to see what happens",
  payment: { card: { brand: "visa", last4: "0002", works: false }, delayed: false },
};
const later: Way = {
  id: "later",
  name: "A bank that confirms later",
  hint: "The answer comes after 20 seconds",
  payment: { card: { brand: "mastercard", last4: "3155", works: true }, delayed: true },
};

export const checkoutWays: readonly Way[] = [works, declined, later];
/** On file, a card that will fail is worth having: it shows what a failed renewal does. */
export const portalCards: readonly Way[] = [
  works,
  { ...declined, name: "A card that will be declined", hint: "Visa •••• 0002, fails at the next renewal" },
];

export function radios(ways: readonly Way[], chosen: string): Html {
  return html`${ways.map(
    (way) =>
      html`<label class="choice"
        ><input type="radio" name="way" value="${way.id}" ${way.id === chosen && html` checked`} /><span
          >${way.name}<em>${way.hint}</em></span
        ></label
      >`,
  )}`;
}

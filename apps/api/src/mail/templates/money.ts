/** Mails about money. Amounts come as integers and are written out here. */
import { chargePicos } from "@molt/contract";
import { z } from "zod";
import type { Language } from "../letter.ts";
import { page, template } from "../template.ts";

/** Whole pico-dollars as decimal text, as in the contract. */
const picos = z.string().regex(/^\d{1,19}$/);
const day = z.iso.date();

const words = {
  en: {
    failed: {
      subject: "Your payment did not go through",
      preview: "Your bot is paused until it does. Nothing is lost.",
      title: "Your payment did not go through",
      body: "Your bank or card refused the payment for Molt-OS. Your bot is paused until it succeeds. Its memory and your conversation are kept.",
      amount: "Amount",
      button: "Check the card",
    },
    cap: {
      subject: (percent: number) =>
        percent === 100 ? "Spending cap reached" : `${percent} % of your spending cap used`,
      preview: "What your bot has used this month.",
      title: (percent: number) =>
        percent === 100 ? "The cap is reached" : `${percent} % of the cap is used`,
      below: "Your bot goes on working. This is only so that you know.",
      reached: "Your bot makes no more calls to models until the next month begins or the cap is raised.",
      spent: "Used this month",
      limit: "Cap",
      note: "What you pay, × 1.2 included.",
      button: "See what it was used for",
    },
    invoice: {
      subject: (number: string) => `Your invoice ${number}`,
      preview: "For your records. Nothing to do.",
      title: "Your invoice",
      body: "Thank you. This was paid with the card on file; there is nothing to do.",
      number: "Number",
      period: "Period",
      total: "Total",
      button: "Open the invoice",
    },
    digest: {
      subject: "Your bot’s week",
      preview: "What it did, and what it cost.",
      title: "Your bot’s week",
      body: "A short look back.",
      period: "Week",
      messages: "Messages you sent",
      calls: "Calls to models",
      alone: "of these without you",
      charge: "Tokens, × 1.2 included",
      button: "Look closer",
      stop: "No more weekly mail",
      note: "You get this mail once a week while your bot is in use.",
    },
  },
  de: {
    failed: {
      subject: "Deine Zahlung ist nicht gelungen",
      preview: "Dein Bot ist solange angehalten. Nichts ist verloren.",
      title: "Deine Zahlung ist nicht gelungen",
      body: "Deine Bank oder Karte hat die Zahlung für Molt-OS abgelehnt. Dein Bot ist angehalten, bis sie gelingt. Sein Gedächtnis und euer Gespräch bleiben erhalten.",
      amount: "Betrag",
      button: "Karte prüfen",
    },
    cap: {
      subject: (percent: number) =>
        percent === 100 ? "Ausgabengrenze erreicht" : `${percent} % deiner Ausgabengrenze verbraucht`,
      preview: "Was dein Bot in diesem Monat verbraucht hat.",
      title: (percent: number) =>
        percent === 100 ? "Die Grenze ist erreicht" : `${percent} % der Grenze sind verbraucht`,
      below: "Dein Bot arbeitet weiter. Du sollst es nur wissen.",
      reached: "Dein Bot ruft keine Modelle mehr auf, bis der nächste Monat beginnt oder die Grenze steigt.",
      spent: "In diesem Monat verbraucht",
      limit: "Grenze",
      note: "Was du bezahlst, mit × 1,2.",
      button: "Wofür es verbraucht wurde",
    },
    invoice: {
      subject: (number: string) => `Deine Rechnung ${number}`,
      preview: "Für deine Unterlagen. Nichts zu tun.",
      title: "Deine Rechnung",
      body: "Danke. Sie wurde mit der hinterlegten Karte bezahlt; es ist nichts zu tun.",
      number: "Nummer",
      period: "Zeitraum",
      total: "Summe",
      button: "Rechnung öffnen",
    },
    digest: {
      subject: "Die Woche deines Bots",
      preview: "Was er getan und was es gekostet hat.",
      title: "Die Woche deines Bots",
      body: "Ein kurzer Blick zurück.",
      period: "Woche",
      messages: "Nachrichten von dir",
      calls: "Aufrufe von Modellen",
      alone: "davon ohne dich",
      charge: "Tokens, mit × 1,2",
      button: "Genauer ansehen",
      stop: "Keine wöchentliche Mail mehr",
      note: "Diese Mail kommt einmal in der Woche, solange dein Bot benutzt wird.",
    },
  },
};

/** Stripe's smallest unit (cents for USD) in the reader's way of writing. */
function money(amountCents: number, currency: string, language: Language): string {
  return (amountCents / 100).toLocaleString(language, { style: "currency", currency });
}

/** Pico-dollars (10^12 = $1) in whole cents, half up. */
function dollars(amountPicos: string, language: Language): string {
  return money(Number((BigInt(amountPicos) + 5_000_000_000n) / 10_000_000_000n), "usd", language);
}

function span(from: string, to: string, language: Language): string {
  const write = (date: string) =>
    new Date(`${date}T12:00:00Z`).toLocaleDateString(language, { dateStyle: "medium", timeZone: "UTC" });
  return `${write(from)} – ${write(to)}`;
}

const currency = z.string().regex(/^[a-zA-Z]{3}$/);
const cents = z.int().min(-1_000_000_000).max(1_000_000_000);

export const paymentFailed = template({
  data: z.strictObject({ amountCents: cents.nullable(), currency: currency.default("usd") }),
  write({ amountCents, currency: code }, { language, urls }) {
    const { failed } = words[language];
    return {
      ...failed,
      paragraphs: [failed.body],
      facts:
        amountCents === null ? [] : [{ label: failed.amount, value: money(amountCents, code, language) }],
      button: { label: failed.button, url: urls.app },
    };
  },
});

export const capReached = template({
  /** Both at the provider's price, as the budget has them. */
  data: z.strictObject({ percent: z.literal([50, 80, 100]), spentPicos: picos, capPicos: picos }),
  write({ percent, spentPicos, capPicos }, { language, urls }) {
    const { cap } = words[language];
    return {
      ...cap,
      subject: cap.subject(percent),
      title: cap.title(percent),
      paragraphs: [percent === 100 ? cap.reached : cap.below],
      facts: [
        // As the app shows both: what the user pays.
        { label: cap.spent, value: dollars(chargePicos(BigInt(spentPicos)).toString(), language) },
        { label: cap.limit, value: dollars(chargePicos(BigInt(capPicos)).toString(), language) },
      ],
      button: { label: cap.button, url: urls.app },
    };
  },
});

export const invoice = template({
  data: z.strictObject({
    number: z.string().max(60),
    totalCents: cents,
    currency,
    from: day,
    to: day,
    url: z.url({ protocol: /^https?$/ }),
  }),
  write(data, { language }) {
    const { invoice: letter } = words[language];
    return {
      ...letter,
      subject: letter.subject(data.number),
      paragraphs: [letter.body],
      facts: [
        { label: letter.number, value: data.number },
        { label: letter.period, value: span(data.from, data.to, language) },
        { label: letter.total, value: money(data.totalCents, data.currency, language) },
      ],
      button: { label: letter.button, url: data.url },
    };
  },
});

const count = z.int().nonnegative();

export const weeklyDigest = template({
  optional: true,
  data: z.strictObject({
    from: day,
    to: day,
    messages: count,
    calls: count,
    unattendedCalls: count,
    chargePicos: picos,
  }),
  write(data, context) {
    const { language, urls, recipient } = context;
    const { digest } = words[language];
    const whole = (value: number) => value.toLocaleString(language);
    return {
      ...digest,
      paragraphs: [digest.body],
      facts: [
        { label: digest.period, value: span(data.from, data.to, language) },
        { label: digest.messages, value: whole(data.messages) },
        { label: digest.calls, value: whole(data.calls) },
        { label: digest.alone, value: whole(data.unattendedCalls) },
        { label: digest.charge, value: dollars(data.chargePicos, language) },
      ],
      button: { label: digest.button, url: urls.app },
      stop: {
        label: digest.stop,
        url: `${page(context, "/mail/unsubscribe")}#${context.token(`stop:weekly-digest:${recipient}`)}`,
      },
    };
  },
});

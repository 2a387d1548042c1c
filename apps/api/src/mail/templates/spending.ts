/** Mail about a bot whose spending was stopped by the breaker or by the operator. */
import { z } from "zod";
import { template } from "../template.ts";

const words = {
  en: {
    subject: "Your bot’s spending was stopped",
    preview: "It asks no model until somebody says so. Nothing is lost.",
    title: "Your bot’s spending was stopped",
    why: {
      loop: "Your bot asked the model the same thing again and again within a few minutes, which looks like a loop.",
      unattended: "Your bot went on spending for hours while nobody wrote to it.",
      rate: "Within one hour your bot spent far more than it otherwise does in a whole day.",
      user: "You stopped it yourself.",
      operator: "The operator of this service stopped it.",
    },
    resume:
      "Its memory and your conversation are kept. Have a look at what it was doing; if all is well, one tap in the app lets it go on.",
    operator: "Only the operator can lift this. Please answer them, or write to support.",
    note: "What they say",
    button: "Look, and let it go on",
    look: "See what it was used for",
  },
  de: {
    subject: "Die Ausgaben deines Bots wurden gestoppt",
    preview: "Er fragt kein Modell mehr, bis es jemand erlaubt. Nichts ist verloren.",
    title: "Die Ausgaben deines Bots wurden gestoppt",
    why: {
      loop: "Dein Bot hat das Modell in wenigen Minuten immer wieder dasselbe gefragt; das sieht nach einer Schleife aus.",
      unattended: "Dein Bot hat über Stunden Geld ausgegeben, während ihm niemand schrieb.",
      rate: "Dein Bot hat in einer Stunde weit mehr ausgegeben als sonst an einem ganzen Tag.",
      user: "Du hast sie selbst gestoppt.",
      operator: "Der Betreiber dieses Dienstes hat sie gestoppt.",
    },
    resume:
      "Sein Gedächtnis und euer Gespräch bleiben erhalten. Sieh nach, was er getan hat; ist alles gut, lässt ihn ein Knopf in der App weitermachen.",
    operator: "Nur der Betreiber kann das aufheben. Antworte ihm oder schreib dem Support.",
    note: "Seine Worte",
    button: "Ansehen und weitermachen lassen",
    look: "Wofür es verbraucht wurde",
  },
};

export const spendingHeld = template({
  data: z.strictObject({
    reason: z.enum(["loop", "unattended", "rate", "user", "operator"]),
    note: z.string().max(300).nullable(),
  }),
  write({ reason, note }, { language, urls }) {
    const { subject, preview, title, ...text } = words[language];
    const isOperators = reason === "operator";
    return {
      subject,
      preview,
      title,
      paragraphs: [text.why[reason], isOperators ? text.operator : text.resume],
      facts: note === null ? [] : [{ label: text.note, value: note }],
      button: { label: isOperators ? text.look : text.button, url: `${urls.app}/usage` },
    };
  },
});

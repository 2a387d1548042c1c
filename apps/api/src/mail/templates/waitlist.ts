/** The two mails of the waitlist. Both can be undone with one link. */
import { z } from "zod";
import { page, template } from "../template.ts";

const entry = z.strictObject({ entryId: z.uuid() });

const words = {
  en: {
    leave: "Remove my address",
    confirm: {
      subject: "Was it you? Confirm your place on the list",
      preview: "One click, and you are on the waitlist of Molt-OS.",
      title: "Was it you?",
      body: "Somebody entered this address on the waitlist of Molt-OS. If it was you, confirm it. If not, do nothing: an address that is not confirmed is deleted after 14 days.",
      button: "Confirm my place",
    },
    invitation: {
      subject: "Your invitation to Molt-OS",
      preview: "It is your turn.",
      title: "It is your turn",
      body: "You asked us to tell you when it is your turn: it is. Sign up, and your own bot is a few minutes away.",
      price: "The plan is $50 a month. The tokens your bot uses cost the provider’s price × 1.2.",
      button: "Get your bot",
    },
  },
  de: {
    leave: "Meine Adresse löschen",
    confirm: {
      subject: "Warst du das? Bestätige deinen Platz auf der Liste",
      preview: "Ein Klick, und du stehst auf der Warteliste von Molt-OS.",
      title: "Warst du das?",
      body: "Jemand hat diese Adresse auf der Warteliste von Molt-OS eingetragen. Wenn du es warst, bestätige sie. Wenn nicht, tu nichts: Eine nicht bestätigte Adresse wird nach 14 Tagen gelöscht.",
      button: "Platz bestätigen",
    },
    invitation: {
      subject: "Deine Einladung zu Molt-OS",
      preview: "Du bist dran.",
      title: "Du bist dran",
      body: "Du wolltest wissen, wann du dran bist: jetzt. Registriere dich, und dein eigener Bot ist ein paar Minuten entfernt.",
      price: "Der Tarif kostet 50 $ im Monat. Die Tokens deines Bots kosten den Preis des Anbieters × 1,2.",
      button: "Zu deinem Bot",
    },
  },
};

export const confirmWaitlist = template({
  data: entry,
  write({ entryId }, context) {
    const { confirm, leave } = words[context.language];
    const token = context.token(`waitlist:${entryId}`);
    return {
      ...confirm,
      paragraphs: [confirm.body],
      button: { label: confirm.button, url: `${page(context, "/waitlist/confirm")}#${token}` },
      stop: { label: leave, url: `${page(context, "/waitlist/leave")}#${token}` },
    };
  },
});

export const waitlistInvitation = template({
  data: entry,
  write({ entryId }, context) {
    const { invitation, leave } = words[context.language];
    const token = context.token(`waitlist:${entryId}`);
    return {
      ...invitation,
      paragraphs: [invitation.body, invitation.price],
      button: { label: invitation.button, url: context.urls.app },
      stop: { label: leave, url: `${page(context, "/waitlist/leave")}#${token}` },
    };
  },
});

/** Mails about the bot itself: hello, ready, paused, back, gone. */
import { z } from "zod";
import { template } from "../template.ts";

const nothing = z.strictObject({});

const words = {
  en: {
    welcome: {
      subject: "Welcome to Molt-OS",
      preview: "Your account is ready. Next comes the bot.",
      title: "Welcome",
      paragraphs: [
        "Your account is ready. What is missing is the bot: choose the plan, and one is born in a machine that is yours alone. You can watch it happen.",
      ],
      label: "Get your bot",
    },
    ready: {
      subject: "Your bot is ready!",
      preview: "It is awake and waits for your first word.",
      title: "Your bot is ready!",
      paragraphs: [
        "It is awake in its own machine and waits for your first word. Tell it who you are and what you want done; it keeps notes.",
        "After 15 quiet minutes it goes to sleep. Write to it, and it wakes.",
      ],
      label: "Say hello",
    },
    paused: {
      subject: "Your bot is paused",
      preview: "Nothing is lost. Here is how to go on.",
      title: "Your bot is paused",
      why: {
        payment: "The last payment did not succeed, so your bot is paused.",
        ended: "Your plan has ended, so your bot is paused.",
        cap: "Your bot has reached a spending cap, so it makes no more calls to models for now.",
      },
      kept: "Its disk, its memory and your conversation are kept. The conversation and the last picture of its mind can be read in the app.",
      label: "See what to do",
    },
    back: {
      subject: "Your bot is back",
      preview: "Everything is where it was.",
      title: "Your bot is back",
      paragraphs: [
        "All is settled, and your bot runs again. Its memory and your conversation are where they were.",
      ],
      label: "Write to it",
    },
    deleted: {
      subject: "Your account is deleted",
      preview: "Bot, disk and messages are gone.",
      title: "Your account is deleted",
      paragraphs: [
        "Your bot, its disk, its memory and your messages are deleted, and your plan has ended. If tokens were still to be paid, they are on a last invoice, charged to your card.",
        "Invoices are kept for as long as the law asks for them, and so are the monthly sums they are made of, without your name. This address is forgotten with this mail; you can sign up with it again at any time.",
        "If this was not you, answer this mail at once.",
      ],
    },
  },
  de: {
    welcome: {
      subject: "Willkommen bei Molt-OS",
      preview: "Dein Konto steht. Als Nächstes kommt der Bot.",
      title: "Willkommen",
      paragraphs: [
        "Dein Konto steht. Was fehlt, ist der Bot: Wähle den Tarif, und einer entsteht auf einer Maschine, die nur dir gehört. Du kannst dabei zusehen.",
      ],
      label: "Zu deinem Bot",
    },
    ready: {
      subject: "Dein Bot ist bereit!",
      preview: "Er ist wach und wartet auf dein erstes Wort.",
      title: "Dein Bot ist bereit!",
      paragraphs: [
        "Er ist wach, auf seiner eigenen Maschine, und wartet auf dein erstes Wort. Sag ihm, wer du bist und was zu tun ist; er macht sich Notizen.",
        "Nach 15 ruhigen Minuten schläft er ein. Schreib ihm, und er wacht auf.",
      ],
      label: "Sag hallo",
    },
    paused: {
      subject: "Dein Bot ist angehalten",
      preview: "Nichts ist verloren. So geht es weiter.",
      title: "Dein Bot ist angehalten",
      why: {
        payment: "Die letzte Zahlung ist nicht gelungen, deshalb ist dein Bot angehalten.",
        ended: "Dein Tarif ist zu Ende, deshalb ist dein Bot angehalten.",
        cap: "Dein Bot hat eine Ausgabengrenze erreicht und ruft vorerst keine Modelle mehr auf.",
      },
      kept: "Seine Platte, sein Gedächtnis und euer Gespräch bleiben erhalten. Das Gespräch und das letzte Bild seines Inneren kannst du in der App lesen.",
      label: "Was jetzt zu tun ist",
    },
    back: {
      subject: "Dein Bot ist wieder da",
      preview: "Alles ist, wo es war.",
      title: "Dein Bot ist wieder da",
      paragraphs: [
        "Alles ist geklärt, und dein Bot läuft wieder. Sein Gedächtnis und euer Gespräch sind, wo sie waren.",
      ],
      label: "Schreib ihm",
    },
    deleted: {
      subject: "Dein Konto ist gelöscht",
      preview: "Bot, Platte und Nachrichten sind fort.",
      title: "Dein Konto ist gelöscht",
      paragraphs: [
        "Dein Bot, seine Platte, sein Gedächtnis und deine Nachrichten sind gelöscht, und dein Tarif ist beendet. Waren noch Tokens zu bezahlen, stehen sie auf einer letzten Rechnung, die von deiner Karte abgebucht wird.",
        "Rechnungen bleiben so lange, wie das Gesetz es verlangt, ebenso die Monatssummen dahinter, ohne deinen Namen. Diese Adresse ist mit dieser Mail vergessen; du kannst dich jederzeit wieder mit ihr registrieren.",
        "Wenn du das nicht warst, antworte sofort auf diese Mail.",
      ],
    },
  },
};

/** A letter with one button into the app and no data of its own. */
const plain = (which: "welcome" | "ready" | "back") =>
  template({
    data: nothing,
    write(_data, { language, urls }) {
      const { label, ...letter } = words[language][which];
      return { ...letter, button: { label, url: urls.app } };
    },
  });

export const welcome = plain("welcome");
export const botReady = plain("ready");
export const backAgain = plain("back");

export const paused = template({
  data: z.strictObject({ reason: z.enum(["payment", "ended", "cap"]) }),
  write({ reason }, { language, urls }) {
    const { why, kept, label, ...letter } = words[language].paused;
    return { ...letter, paragraphs: [why[reason], kept], button: { label, url: urls.app } };
  },
});

export const accountDeleted = template({
  farewell: true,
  data: nothing,
  write: (_data, { language }) => words[language].deleted,
});

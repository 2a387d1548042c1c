/** What changed, newest first; read by the changelog page and by both feeds. */
export interface Change {
  /** Anchor and identity in the feed: never changes. */
  id: string;
  date: string;
  en: { title: string; points: string[] };
  de: { title: string; points: string[] };
}
export const changes: readonly Change[] = [
  {
    id: "2026-11-30-limits",
    date: "2026-11-30",
    en: {
      title: "Limits that hold, and a bot that stops itself",
      points: [
        "Limits for a task, a day, a day without you and a month: seen live, changed in the app, and kept to the cent however many calls run at once.",
        "A bot that runs in a loop, works for hours with nobody there, or spends far more than usual is stopped. You get a mail, and one tap lets it go on.",
        "What each message cost, and every call of a month as a CSV file.",
        "Sign-in codes, invoices and warnings come in your language.",
        "Delete your account in the settings: plan, bot, disk and messages go, and a last mail says so.",
      ],
    },
    de: {
      title: "Grenzen, die halten, und ein Bot, der sich selbst anhält",
      points: [
        "Grenzen für eine Aufgabe, einen Tag, einen Tag ohne dich und einen Monat: live zu sehen, in der App zu ändern und auf den Cent eingehalten, wie viele Aufrufe auch zugleich laufen.",
        "Ein Bot, der im Kreis läuft, stundenlang allein arbeitet oder weit mehr verbraucht als sonst, wird angehalten. Du bekommst eine Mail, und ein Fingertipp lässt ihn weitermachen.",
        "Was jede Nachricht gekostet hat, und jeder Aufruf eines Monats als CSV-Datei.",
        "Anmeldecodes, Rechnungen und Warnungen kommen in deiner Sprache.",
        "Lösche dein Konto in den Einstellungen: Tarif, Bot, Platte und Nachrichten verschwinden, und eine letzte Mail sagt es.",
      ],
    },
  },
  {
    id: "2026-11-22-first",
    date: "2026-11-22",
    en: {
      title: "The first version is here",
      points: [
        "Sign up, pay, and a bot is born in a machine of its own while you watch.",
        "Chat with a mailbox: a message that was accepted is stored, ordered and answered once, also when the bot slept.",
        "Sleep after 15 idle minutes, wake on a message.",
        "Every call to a model is metered; usage by day, model and cause.",
        "Brain View: memories, tools, schedule and conversations in one picture.",
      ],
    },
    de: {
      title: "Die erste Fassung steht",
      points: [
        "Anmelden, bezahlen, und ein Bot entsteht auf einer eigenen Maschine, während du zusiehst.",
        "Chat mit Postfach: Eine angenommene Nachricht ist gespeichert, geordnet und wird einmal beantwortet, auch wenn der Bot schlief.",
        "Schlaf nach 15 ruhigen Minuten, Aufwachen bei einer Nachricht.",
        "Jeder Modellaufruf wird gezählt; Verbrauch nach Tag, Modell und Anlass.",
        "Brain View: Erinnerungen, Werkzeuge, Zeitplan und Gespräche in einem Bild.",
      ],
    },
  },
];

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
    id: "2026-11-22-first",
    date: "2026-11-22",
    en: {
      title: "The first version stands",
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

import type { LegalWords } from "../en/legal.ts";

/** Rechtliches auf Deutsch. */
export const legal: LegalWords = {
  unnamed: "Wer diese Installation betreibt, hat Namen und Anschrift noch nicht eingetragen.",
  operator: "Wer verantwortlich ist",
  write: "Schreib an",
  updated: "Stand 30. November 2026",
  privacy: {
    title: "Datenschutz",
    description: "Welche Daten Molt-OS speichert, wozu, wie lange, und wer sie noch sieht.",
    lead: "Welche Daten gespeichert werden, wozu, und wer sie noch sieht.",
    sections: [
      {
        title: "Wenn du diese Seiten liest",
        text: [
          "Keine Cookies und keine Zählung. Der Host, der die Seiten ausliefert, sieht deine IP-Adresse, wie jeder Webserver.",
        ],
      },
      {
        title: "Auf der Warteliste",
        text: [
          "Deine E-Mail-Adresse, deine Sprache, wann du dich eingetragen und bestätigt hast und eingeladen wurdest, dein Empfehlungscode und der Code, über den du kamst, und woher du kamst, wenn der Link es sagte. Eine nie bestätigte Adresse wird nach 14 Tagen gelöscht, ein bestätigter Eintrag, sobald du ihn entfernst, oder mit der Liste. Einen Tag lang merkt sich unser Server außerdem, ohne es aufzuschreiben, wie viel von deiner Netzadresse kam, damit niemand die Liste flutet. Von einer entfernten Adresse bleibt 90 Tage ein mit einem Schlüssel gebildeter Hash, damit niemand sonst sie immer wieder einträgt. In jeder Mail steht ein Link, der den Eintrag sofort löscht.",
        ],
      },
      {
        title: "Wenn du einen Bot hast",
        text: [
          "Deine E-Mail-Adresse, deine Nachrichten und die Antworten des Bots, der Nachweis jedes Modellaufrufs (Zeit, Modell, Tokens, Preis), das letzte Bild vom Inneren des Bots und welche Mails wir dir geschickt haben. Ohne sie gäbe es den Dienst nicht; sie bleiben so lange wie das Konto. Mit jeder Anmeldung bewahrt der Anmeldedienst deine IP-Adresse und die Kennung deines Browsers auf, bis du dich abmeldest. Verschickte Mails vergessen wir nach 30 Tagen. Die Dateien des Bots liegen auf einer eigenen Platte.",
        ],
      },
      {
        title: "Wer noch Daten erhält",
        text: [
          "Stripe für die Zahlung. Der Betreiber der Maschinen. Der Betreiber der Datenbank und der Anmeldung. Der Dienst, der Mails zustellt. Der Modellanbieter, den dein Bot benutzt; er erhält, was der Bot ihm schickt. Sonst niemand, und verkauft wird nichts.",
        ],
      },
      {
        title: "Auf welcher Grundlage",
        text: [
          "Die Warteliste: deine Einwilligung (Art. 6 Abs. 1 lit. a DSGVO), die du jederzeit mit dem Link in jeder Mail widerrufen kannst. Konto, Bot und Abrechnung: unser Vertrag mit dir (lit. b). Rechnungen: das Gesetz (lit. c). Die Abwehr von Missbrauch, auch mit IP-Adressen: unser berechtigtes Interesse (lit. f), dem du widersprechen kannst.",
          "Einige der Empfänger arbeiten außerhalb der Europäischen Union, die meisten in den USA. Auf welcher Grundlage jeder von ihnen das tut, einem Angemessenheitsbeschluss oder Standardvertragsklauseln, erfährst du unter der Adresse unten.",
        ],
      },
      {
        title: "Deine Rechte",
        text: [
          "Du kannst fragen, was über dich gespeichert ist, es berichtigen, einschränken oder löschen lassen, eine Kopie erhalten, der Nutzung widersprechen und eine Einwilligung widerrufen. Ein Konto löschst du in den Einstellungen der App; Rechnungen, mit dem Namen darauf, und die Monatssummen dahinter, ohne Namen, bleiben so lange, wie das Gesetz es verlangt. Für alles andere schreib an die Adresse unten. Du kannst dich auch bei deiner Datenschutzbehörde beschweren.",
        ],
      },
    ],
  },
  terms: {
    title: "Bedingungen",
    description: "Was du bekommst, was es kostet und was nicht erlaubt ist.",
    lead: "Was du bekommst, was es kostet und was nicht erlaubt ist.",
    sections: [
      {
        title: "Was du bekommst",
        text: [
          "Einen Bot auf einer eigenen Maschine, solange der Tarif bezahlt ist, und die Tokens, die er verbraucht, zum Preis des Modellanbieters × 1,2.",
        ],
      },
      {
        title: "Was es kostet",
        text: [
          "50 $ im Monat, im Voraus, dazu die verbrauchten Tokens, danach. Du kannst jederzeit zum Ende des bezahlten Monats kündigen.",
        ],
      },
      {
        title: "Wenn eine Zahlung scheitert",
        text: ["Der Bot wird angehalten, bis die Zahlung gelingt. Seine Daten bleiben solange erhalten."],
      },
      {
        title: "Was nicht erlaubt ist",
        text: [
          "Andere angreifen, unerwünschte Mails verschicken, Kryptowährungen schürfen, Gesetze brechen oder die Bedingungen des Modellanbieters brechen, den dein Bot benutzt. Einen Bot, der so etwas tut, können wir anhalten.",
        ],
      },
      {
        title: "Was wir nicht versprechen",
        text: [
          "Ein Bot handelt nach den Worten eines Sprachmodells, und solche Modelle irren. Prüfe, worauf es ankommt. Eine bestimmte Verfügbarkeit ist nicht zugesagt.",
        ],
      },
    ],
  },
  imprint: {
    title: "Impressum",
    description: "Wer für diese Installation von Molt-OS einsteht.",
    lead: "Wer für diese Seiten und den Dienst dahinter einsteht.",
    sections: [],
  },
};

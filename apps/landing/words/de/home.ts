import type { HomeWords } from "../en/home.ts";

/** Die Startseite auf Deutsch. */
export const home: HomeWords = {
  title: "Molt-OS: ein eigener KI-Agent",
  description:
    "Dein eigener OpenClaw-Agent auf einer Maschine, die nur dir gehört. Er schläft, wenn ihn niemand braucht, und wacht auf, wenn du schreibst. 50 $ im Monat, Tokens zum Einkaufspreis × 1,2.",
  hero: {
    // A word joiner after the hyphen: „KI-Agent“ stays on one line.
    before: "Ein eigener KI-\u2060Agent, der in der Cloud ",
    lives: "lebt",
    between: ", sich ",
    remembers: "erinnert",
    and: " und ",
    works: "arbeitet",
    after: ", während du weg bist.",
    lead: "Molt-OS gibt dir einen OpenClaw-Bot auf einer Maschine, die nur dir gehört. Er schläft, wenn ihn niemand braucht, wacht auf, wenn du schreibst, und zeigt dir, was in ihm vorgeht und was jedes Token gekostet hat.",
    start: "Zu deinem Bot",
    watch: "Einem beim Denken zusehen",
    price: "50 $ im Monat · Tokens zum Einkaufspreis × 1,2 · monatlich kündbar",
    picture:
      "Eine rote Schere steigt aus ihrem alten Panzer, der nach beiden Seiten aufklappt. Darüber leuchten Gedanken auf.",
  },
  demo: {
    title: "Einem beim Denken zusehen",
    lead: "Erst, was du siehst, dann, welche Teile seines Inneren gerade arbeiten. Zieh am Regler, um genauer hinzusehen.",
    honest:
      "Abgespielt aus aufgezeichneten Frames eines laufenden Bots, viermal verlangsamt und auf Englisch. Das Modell dahinter folgte einem Drehbuch, die Sätze sind also erfunden; Schritte, Dateien und Zeiten stammen vom Bot selbst.",
    you: "Du",
    bot: "Dein Bot",
    play: "Abspielen",
    pause: "Anhalten",
    again: "Noch einmal",
    scrub: "Stelle in der Aufzeichnung",
    at: "{at} von {of} Sekunden",
    idle: "Wartet auf dich",
    mind: "Das Innere des Bots: in der Mitte seine Persona, darum Erinnerungen, Werkzeuge, Fähigkeiten, Termine und Gespräche.",
    kinds: {
      self: "Persona",
      memory: "Erinnerung",
      skill: "Fähigkeit",
      tool: "Werkzeug",
      channel: "Kanal",
      schedule: "Termin",
      conversation: "Gespräch",
    },
    transcript: "Das Gespräch",
    open: "Was in MEMORY.md steht",
  },
  day: {
    title: "Im Schlaf verbraucht er keine Tokens",
    lead: "Nach 15 Minuten ohne Nachricht, ohne laufende Arbeit und ohne fällige Aufgabe wird seine Maschine angehalten. Dateien und Erinnerungen bleiben, wo sie sind.",
    caption: "Ein Tag eines Bots. Ein Beispiel, keine Messung.",
    awake: "wach",
    asleep: "schläft",
    events: [
      { at: 7.4, title: "07:25", text: "Eine eigene Aufgabe steht an. Die Plattform weckt ihn rechtzeitig." },
      {
        at: 12.6,
        title: "12:35",
        text: "Du schreibst. Die Nachricht wird erst gespeichert, dann wird der Bot geweckt.",
      },
      {
        at: 20.2,
        title: "20:10",
        text: "Du bittest um etwas Langes und schließt den Tab. Die Antwort wartet auf dich.",
      },
    ],
    spans: [
      [7.35, 7.85],
      [12.55, 13.15],
      [20.1, 21.2],
    ],
    wake: "Eine angehaltene Maschine ist schnell zurück. Ist ihr Speicherabbild verloren, muss sie neu starten; das dauerte bei unserer Messung etwa 12 Sekunden. Die App zeigt jeden Schritt und zählt die Sekunden.",
  },
  how: {
    title: "Von nichts zum eigenen Bot",
    steps: [
      { title: "Registrieren", text: "Eine E-Mail-Adresse genügt." },
      { title: "Bezahlen", text: "Stripe wickelt die Kartenzahlung ab. Wir sehen die Nummer nie." },
      {
        title: "Bei der Geburt zusehen",
        text: "Netz, Platte, Maschine, Start, erster Kontakt: Du siehst jeden Schritt. „Bereit“ heißt es erst, wenn der Bot geantwortet hat.",
      },
      {
        title: "Reden",
        text: "Im Browser, auf all deinen Geräten zugleich. Eine angenommene Nachricht geht nicht verloren.",
      },
    ],
  },
  shells: {
    title: "Drei Panzer um einen Bot",
    lead: "Ein Agent, der Befehle ausführen darf, braucht Wände. Deiner hat drei, und die Schlüssel liegen außerhalb von allen.",
    items: [
      { name: "Eigene Maschine", text: "Kein Bot eines anderen läuft darin." },
      { name: "Eigenes Netz, eigene Platte", text: "Bots können einander weder sehen noch erreichen." },
      {
        name: "Keine Schlüssel darin",
        text: "Der Bot kennt keinen Schlüssel eines Modellanbieters. Er hat einen eigenen, der nur an unserem Proxy gilt, und dort wird jeder Aufruf gezählt.",
      },
    ],
    honest:
      "Was wir sehen: Deine Nachrichten liegen bei uns, damit sie einen geschlossenen Tab überleben, und der Modellanbieter liest, was der Bot ihm schickt.",
    more: "Wie es gebaut ist",
    picture: "Drei Panzer, einer im anderen, in der Mitte der Bot.",
  },
  price: {
    title: "Zwei Zeilen auf der Rechnung",
    lead: "Der Tarif, und die Tokens, die dein Bot verbraucht hat. Jedes Token kostet, was der Anbieter verlangt, mal 1,2. Hier rechnet dieselbe Preisliste, die auch die Rechnung schreibt.",
    more: "Alle Preise",
  },
  questions: {
    title: "Fragen",
    items: [
      {
        q: "Was ist OpenClaw?",
        a: "Ein quelloffener Agent, der Befehle ausführt, Dateien liest und schreibt, Notizen führt und einem Zeitplan folgt. Früher hieß er clawdbot und moltbot. Molt-OS betreibt ihn für dich.",
      },
      {
        q: "Gehen Nachrichten verloren, während er schläft?",
        a: "Nein. Eine Nachricht wird gespeichert und bestätigt, bevor der Bot geweckt wird, und einmal zugestellt. Lässt er sich nicht wecken, bleibt sie liegen, und die App sagt es dir.",
      },
      {
        q: "Kann er von sich aus etwas tun?",
        a: "Ja, nach einem Zeitplan, den du mit ihm abmachst. Solche Arbeit kostet Tokens wie ein Gespräch und steht in deinem Verbrauch getrennt davon.",
      },
      {
        q: "Woher weiß ich, was es kostet?",
        a: "Jeder Aufruf eines Modells ist eine Zeile mit Tokens und Preis, und du kannst alle lesen: nach Tag, nach Modell und nach Anlass. Ein Modell, dessen Preis wir nicht kennen, wird abgelehnt, bevor es gefragt wird.",
      },
      {
        q: "Kann die Rechnung davonlaufen?",
        a: "Vor jedem Aufruf wird sein schlimmster Fall gegen vier Grenzen reserviert, und ein Aufruf, der nicht hineinpasst, wird abgelehnt. Hat der Betreiber keine anderen gewählt, sind es, mit × 1,2: 6 $ für eine Aufgabe, 6 $ am Tag, solange du nicht da bist, 24 $ am Tag, 120 $ im Monat. Alle vier kannst du ändern.",
      },
      {
        q: "Kann ich sehen und ändern, was er sich merkt?",
        a: "Sehen ja: Die Brain View zeigt Erinnerungen, Werkzeuge, Zeitplan und Gespräche, auch während er schläft. Willst du eine Erinnerung ändern, sag es dem Bot.",
      },
      {
        q: "Gibt es eine App für mein Telefon?",
        a: "Die Web-App läuft auf dem Telefon. Apps für iOS und Android kommen aus demselben Code, sind aber noch nicht in den Stores. Die App spricht bisher Englisch, die Mails auch Deutsch.",
      },
      {
        q: "Wie komme ich wieder weg?",
        a: "Kündige in Stripes Kundenportal, zwei Klicks von den Einstellungen entfernt. Der Bot läuft bis zum Ende des bezahlten Monats, dann wird er angehalten und seine Platte aufbewahrt. Wenn du ganz gehen willst, lösche das Konto in den Einstellungen: Tarif, Bot, Platte und Nachrichten sind in der Regel binnen einer Minute fort.",
      },
    ],
  },
  waitlist: {
    title: "Heute nicht? Lass eine Adresse da.",
    lead: "Wir schreiben, um zu fragen, ob du es warst, und noch einmal, wenn es eine Einladung gibt. Sonst nichts.",
    email: "E-Mail-Adresse",
    submit: "Auf die Liste",
    sending: "Wird gesendet",
    done: "Sieh in dein Postfach. Ist die Adresse für uns neu, ist ein Link zum Bestätigen unterwegs.",
    invalid: "Das sieht nicht wie eine E-Mail-Adresse aus.",
    limited: "Das waren zu viele Versuche. Bitte warte eine Minute und versuche es noch einmal.",
    networkToday: "Aus deinem Netz kam heute schon viel. Bitte versuche es morgen wieder.",
    fullToday: "Die Liste nimmt heute nichts mehr an. Bitte versuche es morgen wieder.",
    failed: "Das kam nicht bei uns an. Bitte versuche es gleich noch einmal.",
    offline: "Dies ist eine Vorschau ohne Server: Das Formular ist zu sehen, aber es wird nichts gesendet.",
    noScript: "Das Formular braucht JavaScript. Alles andere auf dieser Seite nicht.",
    privacy: "In jeder Mail steht ein Link, der dich sofort löscht.",
    trap: "Dieses Feld leer lassen",
  },
};

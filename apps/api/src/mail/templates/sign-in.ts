/** The mails of signing in: a code to type, and where there is one, a link that does the same. */
import { z } from "zod";
import { template } from "../template.ts";

export const purposes = [
  "signup",
  "magiclink",
  "recovery",
  "invite",
  "email_change_current",
  "email_change_new",
  "reauthentication",
] as const;
export type SignInPurpose = (typeof purposes)[number];

interface Words {
  subject: (code: string) => string;
  title: string;
  lead: string;
  button: string;
  note: string;
}
interface AllWords extends Record<SignInPurpose, Words> {
  valid: (minutes: number) => string;
  preview: string;
}

const words: Record<"en" | "de", AllWords> = {
  en: {
    valid: (minutes) => `The code works once, for ${minutes} minutes.`,
    preview: "Your code, and a link that does the same.",
    signup: {
      subject: (code) => `${code} is your Molt-OS code`,
      title: "Confirm your address",
      lead: "Welcome. Enter this code to confirm your e-mail address and go on to your bot.",
      button: "Confirm my address",
      note: "If you did not sign up, do nothing. No account will be opened.",
    },
    magiclink: {
      subject: (code) => `${code} is your Molt-OS sign-in code`,
      title: "Sign in",
      lead: "Enter this code where you asked for it, or sign in on this device with the button.",
      button: "Sign in",
      note: "If you did not ask for this, do nothing. Nobody gets in without the code.",
    },
    recovery: {
      subject: (code) => `${code} is your Molt-OS reset code`,
      title: "Choose a new password",
      lead: "Enter this code to get back in and choose a new password.",
      button: "Choose a new password",
      note: "If you did not ask for this, do nothing. Your password stays as it is.",
    },
    invite: {
      subject: (code) => `${code} opens your Molt-OS account`,
      title: "You are invited",
      lead: "An account was made for this address. Enter this code, or open it with the button.",
      button: "Open my account",
      note: "If you do not know what this is about, do nothing.",
    },
    email_change_current: {
      subject: (code) => `${code} allows your new Molt-OS address`,
      title: "Your address is about to change",
      lead: "Enter this code to allow the change. We ask the new address as well.",
      button: "Allow the change",
      note: "If you did not ask for this, do not use the code, and change your password.",
    },
    email_change_new: {
      subject: (code) => `${code} confirms your new Molt-OS address`,
      title: "Is this your new address?",
      lead: "Enter this code to use this address with Molt-OS from now on.",
      button: "Confirm this address",
      note: "If you did not ask for this, do nothing. Nothing changes.",
    },
    reauthentication: {
      subject: (code) => `${code} is your Molt-OS security code`,
      title: "Confirm that it is you",
      lead: "Enter this code to go on with what you began.",
      button: "",
      note: "If you did not ask for this, change your password: somebody is signed in as you.",
    },
  },
  de: {
    valid: (minutes) => `Der Code gilt einmal, ${minutes} Minuten lang.`,
    preview: "Dein Code, und ein Link, der dasselbe tut.",
    signup: {
      subject: (code) => `${code} ist dein Code für Molt-OS`,
      title: "Bestätige deine Adresse",
      lead: "Willkommen. Gib diesen Code ein, um deine E-Mail-Adresse zu bestätigen; dann geht es weiter zu deinem Bot.",
      button: "Adresse bestätigen",
      note: "Wenn du dich nicht angemeldet hast, tu nichts. Es wird kein Konto eröffnet.",
    },
    magiclink: {
      subject: (code) => `${code} ist dein Anmeldecode für Molt-OS`,
      title: "Anmelden",
      lead: "Gib diesen Code dort ein, wo du ihn angefordert hast, oder melde dich mit dem Knopf auf diesem Gerät an.",
      button: "Anmelden",
      note: "Wenn du das nicht warst, tu nichts. Ohne den Code kommt niemand hinein.",
    },
    recovery: {
      subject: (code) => `${code} setzt dein Passwort bei Molt-OS zurück`,
      title: "Wähle ein neues Passwort",
      lead: "Gib diesen Code ein, um wieder hineinzukommen und ein neues Passwort zu wählen.",
      button: "Neues Passwort wählen",
      note: "Wenn du das nicht warst, tu nichts. Dein Passwort bleibt, wie es ist.",
    },
    invite: {
      subject: (code) => `${code} öffnet dein Konto bei Molt-OS`,
      title: "Du bist eingeladen",
      lead: "Für diese Adresse wurde ein Konto angelegt. Gib diesen Code ein, oder öffne es mit dem Knopf.",
      button: "Konto öffnen",
      note: "Wenn du nicht weißt, worum es geht, tu nichts.",
    },
    email_change_current: {
      subject: (code) => `${code} erlaubt deine neue Adresse bei Molt-OS`,
      title: "Deine Adresse soll sich ändern",
      lead: "Gib diesen Code ein, um die Änderung zu erlauben. Die neue Adresse fragen wir auch.",
      button: "Änderung erlauben",
      note: "Wenn du das nicht warst, benutze den Code nicht und ändere dein Passwort.",
    },
    email_change_new: {
      subject: (code) => `${code} bestätigt deine neue Adresse bei Molt-OS`,
      title: "Ist das deine neue Adresse?",
      lead: "Gib diesen Code ein, um diese Adresse von nun an bei Molt-OS zu benutzen.",
      button: "Adresse bestätigen",
      note: "Wenn du das nicht warst, tu nichts. Es ändert sich nichts.",
    },
    reauthentication: {
      subject: (code) => `${code} ist dein Sicherheitscode für Molt-OS`,
      title: "Bestätige, dass du es bist",
      lead: "Gib diesen Code ein, um mit dem weiterzumachen, was du begonnen hast.",
      button: "",
      note: "Wenn du das nicht warst, ändere dein Passwort: Jemand ist als du angemeldet.",
    },
  },
};

export const signIn = template({
  urgent: true,
  data: z.strictObject({
    purpose: z.enum(purposes),
    code: z.string().regex(/^\d{4,10}$/),
    /** Null where only the code can be used. */
    link: z.url({ protocol: /^https?$/ }).nullable(),
    minutes: z.int().positive(),
  }),
  write({ purpose, code, link, minutes }, { language }) {
    const { valid, preview, [purpose]: say } = words[language];
    return {
      subject: say.subject(code),
      preview: link ? preview : valid(minutes),
      title: say.title,
      paragraphs: [say.lead, valid(minutes)],
      code,
      ...(link ? { button: { label: say.button, url: link } } : {}),
      note: say.note,
    };
  },
});

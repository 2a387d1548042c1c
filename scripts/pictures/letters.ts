/** Every mail, as a mail program shows it. */
import { join } from "node:path";
import type { Browser } from "@playwright/test";
import { samples } from "../../apps/api/src/mail/testing/samples.ts";
import { type TemplateName, templates } from "../../apps/api/src/mail/templates.ts";
import { writeMail } from "../../apps/api/src/mail/write-mail.ts";
import type { Language } from "../../apps/landing/words/paths.ts";
import type { Ready } from "../lib/running-copy.ts";
import { folder } from "./folder.ts";

type Scheme = "light" | "dark";

interface LetterShot {
  name: string;
  template: TemplateName;
  language: Language;
  scheme: Scheme;
  /** Of the window; 600 where it is not said, as most mail programs show a letter. */
  width?: number;
  /** Instead of the sample. */
  data?: unknown;
}

/** Mails somebody waits for or keeps, as a phone and as a tablet shows them, in both languages. */
const closeUps = (["sign-in-code", "sign-in-link", "account-deleted"] as const).flatMap((name) =>
  (["en", "de"] as const).flatMap((language) =>
    [390, 768].flatMap((width) =>
      (["light", "dark"] as const).map((scheme): LetterShot => {
        const codeOnly = { ...samples["sign-in"], purpose: "reauthentication", link: null };
        return {
          name: `${name}-${language}-${width}${scheme === "dark" ? "-dark" : ""}`,
          template: name === "account-deleted" ? name : "sign-in",
          language,
          scheme,
          width,
          ...(name === "sign-in-code" ? { data: codeOnly } : {}),
        };
      }),
    ),
  ),
);

const letters: LetterShot[] = [
  ...(Object.keys(templates) as TemplateName[]).map((template): LetterShot => ({
    name: template,
    template,
    language: "en",
    scheme: "light",
  })),
  { name: "bot-ready-dark", template: "bot-ready", language: "en", scheme: "dark" },
  { name: "weekly-digest-dark", template: "weekly-digest", language: "en", scheme: "dark" },
  { name: "bot-ready-de", template: "bot-ready", language: "de", scheme: "light" },
  ...closeUps,
];

export async function takeLetters(browser: Browser, { urls }: Ready): Promise<void> {
  // A key that opens nothing: the tokens in these letters are of no list.
  const config = { urls, masterKey: Buffer.alloc(32).toString("base64") };
  for (const { name, template, language, scheme, width = 600, data = samples[template] } of letters) {
    const page = await browser.newPage({ viewport: { width, height: 400 }, colorScheme: scheme });
    const row = { template, language, recipient: "ada@example.com", data };
    await page.setContent(writeMail(config, row).html, { waitUntil: "networkidle" });
    await page.screenshot({ path: join(folder, `letter-${name}.png`), fullPage: true });
    await page.close();
  }
}

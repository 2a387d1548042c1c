/**
 * One look for every mail: a letter is a few plain parts, and this file sets them as HTML and as
 * text. Everything from outside is escaped here and nowhere else. Tables and inline styles, because
 * that is what mail programs understand; dark mode where they know it.
 */
import { dark, light, name as house } from "@molt/brand";

export type Language = "en" | "de";

export interface Letter {
  subject: string;
  /** The line that mail programs show beside the subject. */
  preview: string;
  title: string;
  paragraphs: string[];
  /** Digits to type, under the first paragraph; in plain text alone on a line, so that phones offer them. */
  code?: string;
  button?: { label: string; url: string };
  /** Label and value, one line each. */
  facts?: { label: string; value: string }[];
  /** Small print above the footer: why this mail came, how to get no more of them. */
  note?: string;
  stop?: { label: string; url: string };
}

export interface RenderedMail {
  subject: string;
  html: string;
  text: string;
}

const footers: Record<Language, { link: string; sent: string }> = {
  en: { link: "If the button does not work, open this address:", sent: "Sent by" },
  de: { link: "Wenn der Knopf nicht geht, öffne diese Adresse:", sent: "Gesendet von" },
};

export function renderLetter(letter: Letter, language: Language, home: string): RenderedMail {
  return {
    subject: oneLine(letter.subject),
    html: html(letter, language, home),
    text: text(letter, language, home),
  };
}

function text(letter: Letter, language: Language, home: string): string {
  const width = Math.max(0, ...(letter.facts ?? []).map(({ label }) => label.length));
  const paragraphs = letter.paragraphs.flatMap((paragraph) => [wrap(paragraph), ""]);
  if (letter.code) paragraphs.splice(2, 0, `    ${letter.code}`, "");
  const parts = [
    letter.title,
    "=".repeat(Math.min(letter.title.length, 60)),
    "",
    ...paragraphs,
    ...(letter.facts ?? []).map(({ label, value }) => `${`${label}:`.padEnd(width + 2)} ${value}`),
    ...(letter.facts?.length ? [""] : []),
    ...(letter.button ? [`${letter.button.label}:`, letter.button.url, ""] : []),
    ...(letter.note ? [wrap(letter.note), ""] : []),
    ...(letter.stop ? [`${letter.stop.label}: ${letter.stop.url}`, ""] : []),
    "-- ",
    `${footers[language].sent} ${house}, ${home}`,
  ];
  return `${parts.join("\n")}\n`;
}

/** Lines of at most 72 characters, as plain mail is read. Addresses are never cut. */
function wrap(paragraph: string): string {
  const lines: string[] = [""];
  for (const word of oneLine(paragraph).split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + 1 + word.length > 72) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.join("\n");
}

function html(letter: Letter, language: Language, home: string): string {
  const paragraphs = letter.paragraphs.map(
    (paragraph) =>
      `<p class="text" style="margin:0 0 16px;font:400 16px/1.6 ${sans};color:${light.text}">${escape(paragraph)}</p>`,
  );
  if (letter.code) paragraphs.splice(1, 0, digits(letter.code));
  const body = [
    `<h1 class="text" style="margin:0 0 18px;font:700 27px/1.2 ${display};letter-spacing:-0.4px;color:${light.text}">${escape(letter.title)}</h1>`,
    ...paragraphs,
    letter.facts?.length ? factTable(letter.facts) : "",
    button(letter, footers[language].link),
    letter.note || letter.stop ? smallPrint(letter) : "",
  ];
  return page({ title: letter.subject, preview: letter.preview, body: body.join("\n"), language, home });
}

const sans = "Figtree,system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif";
const mono = "'JetBrains Mono',ui-monospace,Menlo,Consolas,monospace";
const display = `'Bricolage Grotesque',${sans}`;

function button({ button: shown, note, stop }: Letter, hint: string): string {
  if (!shown) return "";
  const { label, url } = shown;
  // The card's own edge follows, or the small print.
  const below = note || stop ? "0 0 20px" : "0";
  return `<table role="presentation" cellpadding="0" cellspacing="0" style="margin:8px 0 14px"><tr><td class="shell" bgcolor="${light.shell}" style="border-radius:14px 14px 14px 4px;background:${light.shell}"><a class="on-shell" href="${escape(url)}" style="display:inline-block;padding:14px 26px;font:600 16px/1.25 ${sans};color:${light.onShell};text-decoration:none">${escape(label)}</a></td></tr></table>
<p class="muted" style="margin:${below};font:400 13px/1.5 ${sans};color:${light.muted}">${escape(hint)}<br><a class="muted" href="${escape(url)}" style="color:${light.muted};word-break:break-all">${escape(url)}</a></p>`;
}

function digits(code: string): string {
  return `<p class="text well" style="margin:4px 0 20px;padding:20px 12px;border-radius:14px 14px 14px 4px;background:${light.bg};text-align:center;font:700 34px/1 ${mono};letter-spacing:8px;color:${light.text}">${escape(code)}</p>`;
}

function factTable(facts: { label: string; value: string }[]): string {
  const rows = facts.map(
    ({ label, value }) =>
      `<tr><td class="muted line" style="padding:9px 12px 9px 0;border-top:1px solid ${light.line};font:400 15px/1.4 ${sans};color:${light.muted}">${escape(label)}</td><td class="text line" align="right" style="padding:9px 0;border-top:1px solid ${light.line};font:600 15px/1.4 ${sans};color:${light.text}">${escape(value)}</td></tr>`,
  );
  return `<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="margin:6px 0 22px">${rows.join("")}</table>`;
}

function smallPrint({ note, stop }: Letter): string {
  const link = stop
    ? ` <a class="muted" href="${escape(stop.url)}" style="color:${light.muted}">${escape(stop.label)}</a>`
    : "";
  return `<p class="muted" style="margin:4px 0 0;font:400 14px/1.55 ${sans};color:${light.muted}">${escape(note ?? "")}${link}</p>`;
}

interface Page {
  title: string;
  preview: string;
  body: string;
  language: Language;
  home: string;
}

function page({ title, preview, body, language, home }: Page): string {
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="supported-color-schemes" content="light dark"><title>${escape(title)}</title><style>${darkStyle}</style></head>
<body class="page" style="margin:0;padding:0;background:${light.bg}">
<div style="display:none;max-height:0;overflow:hidden;opacity:0">${escape(preview)}</div>
<table role="presentation" class="page" width="100%" cellpadding="0" cellspacing="0" bgcolor="${light.bg}" style="background:${light.bg}"><tr><td align="center" style="padding:32px 16px 48px">
<table role="presentation" width="100%" cellpadding="0" cellspacing="0" style="max-width:560px"><tr><td style="padding:0 4px 20px">
<table role="presentation" cellpadding="0" cellspacing="0"><tr><td class="shell" width="18" height="18" bgcolor="${light.shell}" style="width:18px;height:18px;border-radius:9px 9px 9px 2px;background:${light.shell};font-size:0;line-height:0">&nbsp;</td><td class="text" style="padding-left:10px;font:700 19px/1 ${display};letter-spacing:-0.3px;color:${light.text}">${escape(house)}</td></tr></table>
</td></tr><tr><td class="card" style="padding:34px 32px 32px;border:1px solid ${light.line};border-radius:22px 22px 22px 5px;background:${light.surface}">
${body}
</td></tr><tr><td class="muted" style="padding:18px 4px 0;font:400 13px/1.5 ${sans};color:${light.muted}">${escape(footers[language].sent)} <a class="muted" href="${escape(home)}" style="color:${light.muted}">${escape(house)}</a></td></tr></table>
</td></tr></table></body></html>
`;
}

const darkStyle = `:root{color-scheme:light dark}@media(prefers-color-scheme:dark){.page{background:${dark.bg}!important}.card{background:${dark.surface}!important;border-color:${dark.line}!important}.text{color:${dark.text}!important}.muted{color:${dark.muted}!important}.line{border-color:${dark.line}!important}.well{background:${dark.bg}!important}.shell{background:${dark.shell}!important}.on-shell{color:${dark.onShell}!important}}@media(max-width:480px){.card{padding:26px 20px 24px!important}}`;

/** For text and attributes alike. */
function escape(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** Headers end at a line break; so does what a stranger could smuggle into one. */
function oneLine(value: string): string {
  return value.replace(/\s+/g, " ").trim();
}

/** Addresses of all pages. Apart from the words, so that a script in the page does not carry every sentence. */
export type Language = "en" | "de";
export const languages: readonly Language[] = ["en", "de"];

/** Every page both languages have, by its address in English. */
export const paths = [
  "/",
  "/pricing",
  "/security",
  "/changelog",
  "/status",
  "/privacy",
  "/terms",
  "/imprint",
] as const;
/** Pages reached from a mail only: not for search engines. */
export const mailPaths = ["/waitlist/confirm", "/waitlist/leave", "/mail/unsubscribe"] as const;
export type Path = (typeof paths)[number] | (typeof mailPaths)[number];

/** Address of a page in a language: "/pricing" and "/de/pricing". */
export function href(language: Language, path: Path, hash = ""): string {
  const base = language === "en" ? path : path === "/" ? "/de" : `/de${path}`;
  return base + hash;
}

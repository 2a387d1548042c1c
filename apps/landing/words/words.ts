/** All words by language. German has the type of English: a missing sentence does not compile. */
import { home as deHome } from "./de/home.ts";
import { legal as deLegal } from "./de/legal.ts";
import { pages as dePages } from "./de/pages.ts";
import { type HomeWords, home as enHome } from "./en/home.ts";
import { type LegalWords, legal as enLegal } from "./en/legal.ts";
import { type PageWords, pages as enPages } from "./en/pages.ts";
import type { Language } from "./paths.ts";

export interface Words extends PageWords {
  home: HomeWords;
  legal: LegalWords;
}
export const words: Record<Language, Words> = {
  en: { ...enPages, home: enHome, legal: enLegal },
  de: { ...dePages, home: deHome, legal: deLegal },
};

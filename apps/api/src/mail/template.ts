/** What a template is: the data it takes, and the letter it writes from them in each language. */
import type { z } from "zod";
import type { Language, Letter } from "./letter.ts";

export interface TemplateContext {
  language: Language;
  urls: { app: string; landing: string };
  recipient: string;
  /** The token of a link in this mail (link-token.ts). */
  token(what: string): string;
}

export interface Template<D extends z.ZodType = z.ZodType> {
  /** Strict: what is not listed here is not stored in the outbox. */
  data: D;
  /** True for mails that one may refuse and go on using the product. */
  optional?: boolean;
  /** Somebody sits and waits for it: sent before and beside all others. */
  urgent?: boolean;
  /** The last there is to say to somebody: once it is sent, or cannot be, the outbox forgets to whom. */
  farewell?: boolean;
  write(data: z.output<D>, context: TemplateContext): Letter;
}

/** Keeps the type of the data with the template. */
export function template<D extends z.ZodType>(definition: Template<D>): Template<D> {
  return definition;
}

/** Address of a page of the landing site in the reader's language. */
export function page({ language, urls }: TemplateContext, path: string): string {
  return `${urls.landing}${language === "de" ? "/de" : ""}${path}`;
}

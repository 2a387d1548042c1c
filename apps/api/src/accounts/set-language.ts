import type { Language } from "@molt/contract";
import type { Deps } from "../deps.ts";
import { AppError } from "../errors.ts";
import { updateLanguage } from "./table.ts";

/** The language of every mail that is queued from now on. @throws {AppError} not_signed_in for somebody unknown. */
export async function setLanguage(
  { db }: Pick<Deps, "db">,
  userId: string,
  language: Language,
): Promise<{ language: Language }> {
  if (!(await updateLanguage(db, userId, language)))
    throw new AppError("not_signed_in", "This account no longer exists.");
  return { language };
}

/** What can be known to be wrong before anybody is asked. Limits are the auth service's own. */

export const minPassword = 8;
/** GoTrue hashes with bcrypt, which reads 72 bytes. */
export const maxPassword = 72;

export interface FormErrors {
  readonly email?: string;
  readonly password?: string;
}

export const tidyEmail = (email: string) => email.trim().normalize("NFKC").toLowerCase();

export function checkEmail(email: string): string | undefined {
  if (tidyEmail(email) === "") return "Enter your e-mail address.";
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(tidyEmail(email)))
    return "This does not look like an e-mail address.";
  return undefined;
}

/** Somebody who signs in may have an older, shorter password: only a new one is measured. */
export function checkPassword(password: string, isNew: boolean): string | undefined {
  if (password === "") return "Enter your password.";
  if (isNew && password.length < minPassword) return `At least ${minPassword} characters, please.`;
  if (new TextEncoder().encode(password).length > maxPassword)
    return `At most ${maxPassword} characters, please.`;
  return undefined;
}

export function checkForm(form: { email: string; password: string; isNew: boolean }): FormErrors {
  const email = checkEmail(form.email);
  const password = checkPassword(form.password, form.isNew);
  return { ...(email && { email }), ...(password && { password }) };
}

/** Keeps digits only, so that "123 456" pasted from a mail works. */
export const tidyCode = (text: string) => text.replace(/\D/g, "").slice(0, 6);

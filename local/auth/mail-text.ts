/** The mails: a plain text and a simple page that say the same, with the code first. */
import { codeMinutes } from "./one-time-codes.ts";
import type { CodePurpose } from "./one-time-codes.ts";

export interface Mail {
  subject: string;
  text: string;
  html: string;
}

interface Words {
  subject: (code: string) => string;
  title: string;
  lead: string;
  button: string;
  foot: string;
}

const ignore = "If you did not ask for this, you can ignore this mail. Nothing changes.";

const words = {
  confirmation: {
    subject: (code) => `${code} is your Molt-OS code`,
    title: "Welcome to Molt-OS",
    lead: "Enter this code to confirm your e-mail address and meet your bot.",
    button: "Confirm my address",
    foot: "If you did not sign up, you can ignore this mail. No account will be opened.",
  },
  magiclink: {
    subject: (code) => `${code} is your Molt-OS sign-in code`,
    title: "Sign in to Molt-OS",
    lead: "Enter this code to sign in.",
    button: "Sign in",
    foot: ignore,
  },
  recovery: {
    subject: (code) => `${code} is your Molt-OS reset code`,
    title: "Choose a new password",
    lead: "Enter this code to get back into Molt-OS and choose a new password.",
    button: "Choose a new password",
    foot: ignore,
  },
  email_change_current: {
    subject: (code) => `${code} confirms your new Molt-OS address`,
    title: "Your e-mail address is about to change",
    lead: "Enter this code to allow the change. We also ask the new address.",
    button: "Allow the change",
    foot: "If you did not ask for this, do not use the code, and change your password.",
  },
  email_change_new: {
    subject: (code) => `${code} confirms your new Molt-OS address`,
    title: "Is this your new e-mail address?",
    lead: "Enter this code to use this address with Molt-OS. We also ask the old address.",
    button: "Confirm this address",
    foot: ignore,
  },
  reauthentication: {
    subject: (code) => `${code} is your Molt-OS security code`,
    title: "Confirm that it is you",
    lead: "Enter this code to go on.",
    button: "",
    foot: "If you did not ask for this, change your password.",
  },
} satisfies Record<CodePurpose, Words>;

/** @param mail.link undefined where only the code can be used. */
export function codeMail(mail: { purpose: CodePurpose; code: string; link: string | undefined }): Mail {
  const say = words[mail.purpose];
  const valid = `It is valid for ${codeMinutes} minutes and can be used once.`;
  const lines = [say.title, "", say.lead, "", `    ${mail.code}`, "", valid];
  if (mail.link) lines.push("", `${say.button}:`, mail.link);
  return {
    subject: say.subject(mail.code),
    text: [...lines, "", say.foot, "", "Molt-OS"].join("\n"),
    html: page(say.title, [
      paragraph(say.lead),
      `<p style="margin:24px 0;padding:18px 12px;background:#F3ECE3;border-radius:12px;text-align:center;font:700 34px/1 ui-monospace,Menlo,Consolas,monospace;letter-spacing:8px;color:#16211F">${mail.code}</p>`,
      paragraph(valid),
      mail.link ? button(say.button, mail.link) : "",
      small(say.foot),
    ]),
  };
}

/** For an address that signs up again: the answer on screen must not tell, the mailbox may. */
export function knownAccountMail(siteUrl: string): Mail {
  const title = "You already have an account";
  const lead = "Somebody, probably you, signed up to Molt-OS with this address. It already has an account.";
  const foot = "If it was not you, you can ignore this mail. Nothing changes.";
  return {
    subject: "You already have a Molt-OS account",
    text: [title, "", lead, "", "Sign in, or choose a new password:", siteUrl, "", foot, "", "Molt-OS"].join(
      "\n",
    ),
    html: page(title, [paragraph(lead), button("Go to Molt-OS", siteUrl), small(foot)]),
  };
}

function page(title: string, parts: string[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title></head>
<body style="margin:0;background:#FBF6F0;color:#16211F;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif">
<div style="max-width:480px;margin:0 auto;padding:32px 20px">
<p style="margin:0 0 20px;font-weight:700;color:#C4321A">Molt-OS</p>
<div style="background:#FFFFFF;border:1px solid #E7DCCF;border-radius:16px;padding:28px 24px">
<h1 style="margin:0 0 12px;font-size:22px;line-height:1.25">${escape(title)}</h1>
${parts.join("\n")}
</div></div></body></html>`;
}

function paragraph(text: string): string {
  return `<p style="margin:0 0 12px">${escape(text)}</p>`;
}

function small(text: string): string {
  return `<p style="margin:20px 0 0;font-size:14px;color:#56635F">${escape(text)}</p>`;
}

function button(label: string, link: string): string {
  return `<p style="margin:20px 0 0"><a href="${escape(link)}" style="display:inline-block;padding:12px 20px;border-radius:999px;background:#C4321A;color:#FFFFFF;font-weight:600;text-decoration:none">${escape(label)}</a></p>`;
}

function escape(text: string): string {
  const names: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (sign) => names[sign] ?? sign);
}

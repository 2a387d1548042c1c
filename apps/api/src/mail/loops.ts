import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { sendMails } from "./send-mails.job.ts";
import { openMailer } from "./smtp.ts";

/** The outbox at work. A new mail wakes it; the interval is for retries and missed notifications. */
export function mailLoops(deps: Deps): Loop[] {
  const mailer = openMailer(deps.config.mail);
  const loop = startLoop(deps, {
    name: "mails",
    everyMs: 10_000,
    wakeOn: "mail",
    run: (signal) => sendMails({ ...deps, mailer }, signal),
  });
  return [
    {
      async stop() {
        await loop.stop();
        mailer.close();
      },
    },
  ];
}

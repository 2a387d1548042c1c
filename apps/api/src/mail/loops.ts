import type { Deps } from "../deps.ts";
import { type Loop, startLoop } from "../jobs/loop.ts";
import { purgeMails } from "./purge-mails.job.ts";
import { sendMails } from "./send-mails.job.ts";
import { openMailer } from "./smtp.ts";

/** The outbox at work. A new mail wakes it; the interval is for retries and missed notifications. */
export function mailLoops(deps: Deps): Loop[] {
  const mailer = openMailer(deps.config.mail);
  const send = (urgent: boolean) => (signal: AbortSignal) => sendMails({ ...deps, mailer, urgent }, signal);
  const loops = [
    // A loop of its own: whoever waits for a code waits for no digest, and for no server that hangs over one.
    startLoop(deps, { name: "urgent mails", everyMs: 5_000, wakeOn: "mail", run: send(true) }),
    startLoop(deps, { name: "mails", everyMs: 10_000, wakeOn: "mail", run: send(false) }),
    startLoop(deps, { name: "old mails", everyMs: 60 * 60_000, run: (signal) => purgeMails(deps, signal) }),
  ];
  return [
    {
      async stop() {
        await Promise.all(loops.map((loop) => loop.stop()));
        mailer.close();
      },
    },
  ];
}

import type { Language } from "../words/paths.ts";
import { words as allWords } from "../words/words.ts";
import { Frame } from "./frame.tsx";
import { MailAction } from "./mail-action.tsx";

const paths = {
  confirm: "/waitlist/confirm",
  leave: "/waitlist/leave",
  unsubscribe: "/mail/unsubscribe",
} as const;

/** Where a link in a mail leads: one sentence, one button. */
export function MailActionPage({ language, action }: { language: Language; action: keyof typeof paths }) {
  const words = allWords[language];
  const { heading, lead, button, done } = words[action];
  return (
    <Frame language={language} path={paths[action]}>
      <div className="group mx-auto max-w-2xl px-5 pt-16 lg:pt-24">
        <h1 className="text-5xl sm:text-6xl">{heading}</h1>
        <p className="mt-5 text-xl text-muted group-has-data-done:hidden">{lead}</p>
        <MailAction
          action={action}
          language={language}
          words={{ button, done, confirm: words.confirm, form: words.home.waitlist }}
        />
      </div>
    </Frame>
  );
}

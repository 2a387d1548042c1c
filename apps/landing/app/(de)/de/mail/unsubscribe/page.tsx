import { pageData } from "../../../../../lib/page-data.ts";
import { MailActionPage } from "../../../../../parts/mail-action-page.tsx";
import { words } from "../../../../../words/words.ts";

export const metadata = pageData("de", "/mail/unsubscribe", words.de.unsubscribe);

export default function Page() {
  return <MailActionPage language="de" action="unsubscribe" />;
}

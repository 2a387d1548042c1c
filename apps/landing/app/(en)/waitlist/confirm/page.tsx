import { pageData } from "../../../../lib/page-data.ts";
import { MailActionPage } from "../../../../parts/mail-action-page.tsx";
import { words } from "../../../../words/words.ts";

export const metadata = pageData("en", "/waitlist/confirm", words.en.confirm);

export default function Page() {
  return <MailActionPage language="en" action="confirm" />;
}

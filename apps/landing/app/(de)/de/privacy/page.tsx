import { pageData } from "../../../../lib/page-data.ts";
import { LegalPage } from "../../../../parts/legal-page.tsx";
import { words } from "../../../../words/words.ts";

export const metadata = pageData("de", "/privacy", words.de.legal.privacy);

export default function Page() {
  return <LegalPage language="de" page="privacy" />;
}

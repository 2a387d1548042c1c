import { pageData } from "../../../lib/page-data.ts";
import { LegalPage } from "../../../parts/legal-page.tsx";
import { words } from "../../../words/words.ts";

export const metadata = pageData("en", "/imprint", words.en.legal.imprint);

export default function Page() {
  return <LegalPage language="en" page="imprint" />;
}

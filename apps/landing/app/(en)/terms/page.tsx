import { pageData } from "../../../lib/page-data.ts";
import { LegalPage } from "../../../parts/legal-page.tsx";
import { words } from "../../../words/words.ts";

export const metadata = pageData("en", "/terms", words.en.legal.terms);

export default function Page() {
  return <LegalPage language="en" page="terms" />;
}

import { pageData } from "../../../../lib/page-data.ts";
import { LegalPage } from "../../../../parts/legal-page.tsx";
import { words } from "../../../../words/words.ts";

export const metadata = pageData("de", "/imprint", words.de.legal.imprint);

export default function Page() {
  return <LegalPage language="de" page="imprint" />;
}

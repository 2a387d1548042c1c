import { pageData } from "../../../../lib/page-data.ts";
import { SecurityPage } from "../../../../parts/security-page.tsx";
import { words } from "../../../../words/words.ts";

export const metadata = pageData("de", "/security", words.de.security);

export default function Page() {
  return <SecurityPage language="de" />;
}

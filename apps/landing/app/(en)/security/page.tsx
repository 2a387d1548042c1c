import { pageData } from "../../../lib/page-data.ts";
import { SecurityPage } from "../../../parts/security-page.tsx";
import { words } from "../../../words/words.ts";

export const metadata = pageData("en", "/security", words.en.security);

export default function Page() {
  return <SecurityPage language="en" />;
}

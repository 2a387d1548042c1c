import { pageData } from "../../../lib/page-data.ts";
import { StatusPage } from "../../../parts/status-page.tsx";
import { words } from "../../../words/words.ts";

export const metadata = pageData("en", "/status", words.en.status);

export default function Page() {
  return <StatusPage language="en" />;
}

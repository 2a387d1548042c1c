import { pageData } from "../../../../lib/page-data.ts";
import { StatusPage } from "../../../../parts/status-page.tsx";
import { words } from "../../../../words/words.ts";

export const metadata = pageData("de", "/status", words.de.status);

export default function Page() {
  return <StatusPage language="de" />;
}

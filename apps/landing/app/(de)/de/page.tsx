import { pageData } from "../../../lib/page-data.ts";
import { HomePage } from "../../../parts/home-page.tsx";
import { words } from "../../../words/words.ts";

export const metadata = pageData("de", "/", words.de.home);

export default function Page() {
  return <HomePage language="de" />;
}

import { pageData } from "../../../../lib/page-data.ts";
import { ChangelogPage } from "../../../../parts/changelog-page.tsx";
import { words } from "../../../../words/words.ts";

export const metadata = pageData("de", "/changelog", words.de.changelog);

export default function Page() {
  return <ChangelogPage language="de" />;
}

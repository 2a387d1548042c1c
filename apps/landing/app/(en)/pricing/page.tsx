import { pageData } from "../../../lib/page-data.ts";
import { PricingPage } from "../../../parts/pricing-page.tsx";
import { words } from "../../../words/words.ts";

export const metadata = pageData("en", "/pricing", words.en.pricing);

export default function Page() {
  return <PricingPage language="en" />;
}

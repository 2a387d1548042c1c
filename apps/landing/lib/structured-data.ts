/** schema.org descriptions. Written as text with `<` escaped, so that no content can end the script element. */
import { promise } from "@molt/brand";
import { site } from "../site.config.ts";
import { href, type Language } from "../words/paths.ts";
import type { Words } from "../words/words.ts";

const at = (path: string) => new URL(path, site.url).href;
const organisation = {
  "@type": "Organization",
  "@id": at("/#organisation"),
  name: "Molt-OS",
  url: at("/"),
  logo: at("/touch.png"),
};

export function homeGraph(language: Language, words: Words): string {
  return serialise({
    "@context": "https://schema.org",
    "@graph": [
      organisation,
      {
        "@type": "Product",
        "@id": at("/#product"),
        name: "Molt-OS",
        description: language === "en" ? promise : words.home.description,
        image: at(`/og-${language}.png`),
        brand: { "@id": at("/#organisation") },
        offers: {
          "@type": "Offer",
          url: at(href(language, "/pricing")),
          price: "50.00",
          priceCurrency: "USD",
          priceSpecification: {
            "@type": "UnitPriceSpecification",
            price: "50.00",
            priceCurrency: "USD",
            unitText: "MONTH",
            description: words.pricing.tokensText,
          },
        },
      },
      {
        "@type": "FAQPage",
        "@id": at(`${href(language, "/")}#questions`),
        inLanguage: language,
        mainEntity: words.home.questions.items.map(({ q, a }) => ({
          "@type": "Question",
          name: q,
          acceptedAnswer: { "@type": "Answer", text: a },
        })),
      },
    ],
  });
}

/** Home > this page. */
export function trailGraph(
  language: Language,
  words: Words,
  page: { path: Parameters<typeof href>[1]; title: string },
): string {
  return serialise({
    "@context": "https://schema.org",
    "@graph": [
      organisation,
      {
        "@type": "BreadcrumbList",
        itemListElement: [
          { "@type": "ListItem", position: 1, name: words.frame.home, item: at(href(language, "/")) },
          { "@type": "ListItem", position: 2, name: page.title, item: at(href(language, page.path)) },
        ],
      },
    ],
  });
}

function serialise(data: unknown): string {
  return JSON.stringify(data).replaceAll("<", "\\u003c");
}

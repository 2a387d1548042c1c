import { listPrices, priceVersion } from "../lib/prices.ts";
import { trailGraph } from "../lib/structured-data.ts";
import { href, type Language } from "../words/paths.ts";
import { words as allWords } from "../words/words.ts";
import { AppLink } from "./app-link.tsx";
import { Calculator } from "./calculator.tsx";
import { Frame } from "./frame.tsx";
import { PageHead } from "./page-head.tsx";
import { PriceTable } from "./price-table.tsx";
import { StructuredData } from "./structured-data.tsx";

export function PricingPage({ language }: { language: Language }) {
  const words = allWords[language];
  const { pricing } = words;
  const models = listPrices();
  const direct = models.filter(({ provider }) => provider !== "OpenRouter");
  return (
    <Frame language={language} path="/pricing">
      <StructuredData json={trailGraph(language, words, { path: "/pricing", title: pricing.title })} />
      <PageHead title={pricing.heading} lead={pricing.lead} />
      <Plan language={language} />
      <section className="mx-auto max-w-6xl px-5 pt-20">
        <h2 className="mb-6 text-3xl">{pricing.calculator}</h2>
        <Calculator models={direct} words={pricing.calc} language={language} />
      </section>
      <section className="mx-auto max-w-6xl px-5 pt-20">
        <h2 className="text-3xl">{pricing.table}</h2>
        <p className="mt-3 mb-6 max-w-3xl text-muted">{pricing.tableNote}</p>
        <PriceTable language={language} caption={pricing.listed} models={direct} />
        <details className="mt-6">
          <summary className="link inline-block cursor-pointer py-2">OpenRouter</summary>
          <PriceTable
            language={language}
            caption="OpenRouter"
            models={models.filter(({ provider }) => provider === "OpenRouter")}
          />
        </details>
        <p className="mt-4 text-[0.9rem] text-muted">
          {pricing.version}: <code className="font-mono">{priceVersion}</code>
        </p>
      </section>
    </Frame>
  );
}

function Plan({ language }: { language: Language }) {
  const { frame, pricing } = allWords[language];
  return (
    <div className="mx-auto grid max-w-6xl gap-x-16 gap-y-12 px-5 pt-14 lg:grid-cols-[1fr_1.2fr]">
      <div>
        <h2 className="text-2xl">{pricing.plan}</h2>
        <p className="mt-3 font-display text-7xl font-bold tracking-tighter">
          {language === "de" ? "50 $" : "$50"}{" "}
          <span className="font-sans text-xl font-normal tracking-normal text-muted">{pricing.perMonth}</span>
        </p>
        <AppLink fallback={href(language, "/", "#waitlist")} className="button button-loud mt-6">
          {frame.start}
        </AppLink>
      </div>
      <div>
        <ul className="space-y-3 text-lg">
          {pricing.included.map((line) => (
            <li key={line} className="flex gap-3">
              <svg viewBox="0 0 20 20" className="mt-1.5 size-5 shrink-0 text-kelp" aria-hidden="true">
                <path
                  d="M3 11l5 5L17 5"
                  fill="none"
                  stroke="currentColor"
                  strokeWidth="2.6"
                  strokeLinecap="round"
                  strokeLinejoin="round"
                />
              </svg>
              {line}
            </li>
          ))}
        </ul>
        <h2 className="mt-10 text-2xl">{pricing.tokens}</h2>
        <p className="mt-2 text-lg text-muted">{pricing.tokensText}</p>
      </div>
    </div>
  );
}

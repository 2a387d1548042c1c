import { trailGraph } from "../lib/structured-data.ts";
import { site } from "../site.config.ts";
import type { Language } from "../words/paths.ts";
import { words as allWords } from "../words/words.ts";
import { Frame } from "./frame.tsx";
import { PageHead } from "./page-head.tsx";
import { Sections } from "./sections.tsx";
import { StructuredData } from "./structured-data.tsx";

/** Privacy, terms and imprint. Name and address come from the environment of the build; without them the page says so. */
export function LegalPage({ language, page }: { language: Language; page: "privacy" | "terms" | "imprint" }) {
  const words = allWords[language];
  const { legal } = words;
  const { title, lead, sections } = legal[page];
  const { name, address, email } = site.legal;
  return (
    <Frame language={language} path={`/${page}`}>
      <StructuredData json={trailGraph(language, words, { path: `/${page}`, title })} />
      <PageHead title={title} lead={lead} />
      <Sections sections={sections} />
      <div className="mx-auto mt-4 max-w-6xl px-5">
        <div className="hinge max-w-2xl border border-line bg-surface px-6 py-7 sm:px-8">
          <h2 className="text-2xl">{legal.operator}</h2>
          {name ? (
            <address className="mt-3 whitespace-pre-line not-italic">
              {name}
              {"\n"}
              {address}
            </address>
          ) : (
            <p className="mt-3">{legal.unnamed}</p>
          )}
          {email ? (
            <p className="mt-3">
              {legal.write}{" "}
              <a className="link" href={`mailto:${email}`}>
                {email}
              </a>
            </p>
          ) : null}
        </div>
        <p className="mt-6 text-[0.95rem] text-muted">{legal.updated}</p>
      </div>
    </Frame>
  );
}

import { trailGraph } from "../lib/structured-data.ts";
import { href, type Language } from "../words/paths.ts";
import { words as allWords } from "../words/words.ts";
import { Frame } from "./frame.tsx";
import { PageHead } from "./page-head.tsx";
import { Sections } from "./sections.tsx";
import { StructuredData } from "./structured-data.tsx";

export function SecurityPage({ language }: { language: Language }) {
  const words = allWords[language];
  const { security } = words;
  return (
    <Frame language={language} path="/security">
      <StructuredData json={trailGraph(language, words, { path: "/security", title: security.title })} />
      <PageHead title={security.heading} lead={security.lead} />
      <Sections sections={security.sections} />
      <div className="mx-auto max-w-6xl px-5">
        <div className="hinge mt-8 max-w-3xl bg-thought-soft px-6 py-7 sm:px-8">
          <h2 className="text-2xl">{security.report}</h2>
          <p className="mt-2">
            {security.reportText}{" "}
            <a className="link inline-block py-1 text-text!" href={href(language, "/imprint")}>
              {words.frame.imprint}
            </a>
          </p>
        </div>
      </div>
    </Frame>
  );
}

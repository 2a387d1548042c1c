import { trailGraph } from "../lib/structured-data.ts";
import { changes } from "../words/changes.ts";
import type { Language } from "../words/paths.ts";
import { words as allWords } from "../words/words.ts";
import { Frame } from "./frame.tsx";
import { PageHead } from "./page-head.tsx";
import { StructuredData } from "./structured-data.tsx";

export function ChangelogPage({ language }: { language: Language }) {
  const words = allWords[language];
  const { changelog } = words;
  return (
    <Frame language={language} path="/changelog">
      <StructuredData json={trailGraph(language, words, { path: "/changelog", title: changelog.title })} />
      <PageHead title={changelog.heading} lead={changelog.lead} />
      <div className="mx-auto max-w-6xl px-5">
        <p className="mt-5">
          <a className="link inline-block py-1.5" href={language === "en" ? "/feed.xml" : "/de/feed.xml"}>
            {changelog.feed}
          </a>
        </p>
        <div className="mt-12">
          {changes.map((change) => (
            <article
              key={change.id}
              id={change.id}
              className="grid gap-x-12 gap-y-3 border-t border-line py-9 lg:grid-cols-[1fr_3fr]"
            >
              <time dateTime={change.date} className="font-mono text-muted">
                {new Date(`${change.date}T12:00:00Z`).toLocaleDateString(language, {
                  dateStyle: "long",
                  timeZone: "UTC",
                })}
              </time>
              <div className="prose-house">
                <h2 className="mt-0!">{change[language].title}</h2>
                <ul>
                  {change[language].points.map((point) => (
                    <li key={point}>{point}</li>
                  ))}
                </ul>
              </div>
            </article>
          ))}
        </div>
      </div>
    </Frame>
  );
}

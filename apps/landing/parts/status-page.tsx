import { trailGraph } from "../lib/structured-data.ts";
import type { Language } from "../words/paths.ts";
import { words as allWords } from "../words/words.ts";
import { Frame } from "./frame.tsx";
import { PageHead } from "./page-head.tsx";
import { StatusBoard } from "./status-board.tsx";
import { StructuredData } from "./structured-data.tsx";

export function StatusPage({ language }: { language: Language }) {
  const words = allWords[language];
  return (
    <Frame language={language} path="/status">
      <StructuredData json={trailGraph(language, words, { path: "/status", title: words.status.title })} />
      <PageHead title={words.status.heading} lead={words.status.lead} />
      <div className="mx-auto max-w-6xl px-5 pt-10">
        <StatusBoard words={words.status} language={language} />
        <noscript>
          <p className="mt-6">{words.status.noScript}</p>
        </noscript>
      </div>
    </Frame>
  );
}

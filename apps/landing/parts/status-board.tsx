"use client";
import { useCallback, useEffect, useState } from "react";
import { checkStatus, type Part, type PartStatus, type Status } from "../lib/check-status.ts";
import type { PageWords } from "../words/en/pages.ts";
import type { Language } from "../words/paths.ts";

type Words = PageWords["status"];
const EVERY_MS = 30_000;
const asking: Status = {
  api: { state: "checking" },
  database: { state: "checking" },
  worker: { state: "checking" },
  models: { state: "checking" },
  app: { state: "checking" },
};

const look: Record<PartStatus["state"], string> = {
  checking: "bg-amber-soft text-amber",
  ok: "bg-kelp-soft text-kelp",
  trouble: "bg-danger-soft text-danger",
  unknown: "bg-sunken text-muted",
};

export function StatusBoard({ words, language }: { words: Words; language: Language }) {
  const [status, setStatus] = useState(asking);
  const [askedAt, setAskedAt] = useState("");
  const ask = useCallback(async () => {
    setStatus(await checkStatus());
    setAskedAt(new Date().toLocaleTimeString(language));
  }, [language]);
  useEffect(() => {
    void ask();
    const timer = setInterval(() => document.visibilityState === "visible" && void ask(), EVERY_MS);
    return () => clearInterval(timer);
  }, [ask]);
  const parts: [Part, string, string][] = [
    ["api", words.api, words.apiText],
    ["database", words.database, words.databaseText],
    ["worker", words.worker, words.workerText],
    ["models", words.models, words.modelsText],
    ["app", words.app, words.appText],
  ];
  return (
    <div className="max-w-3xl">
      <ul className="hinge overflow-hidden border border-line bg-surface">
        {parts.map(([part, title, text]) => (
          <li
            key={part}
            className="flex min-h-24 flex-wrap items-center gap-x-6 gap-y-2 border-line px-5 py-4 not-first:border-t sm:px-7"
          >
            <div className="mr-auto">
              <h2 className="text-xl">{title}</h2>
              <p className="text-[0.95rem] text-muted">{text}</p>
            </div>
            <PartState words={words} part={status[part]} />
          </li>
        ))}
      </ul>
      <p className="mt-4 flex min-h-12 flex-wrap items-center gap-4 text-muted">
        <button
          type="button"
          onClick={() => void ask()}
          className="button button-quiet min-h-11! text-[0.95rem]"
        >
          {words.again}
        </button>
        <span>
          {status.api.state === "unknown" ? words.offline : askedAt ? `${words.checkedAt} ${askedAt}` : ""}
        </span>
      </p>
    </div>
  );
}

function PartState({ words, part }: { words: Words; part: PartStatus }) {
  const detail = [
    part.ms === undefined ? "" : words.took.replace("{ms}", String(part.ms)),
    part.version === undefined ? "" : `${words.version} ${part.version}`,
  ].filter(Boolean);
  return (
    <p className="flex w-full flex-wrap items-center gap-3 sm:w-76">
      {/* Read out when it changes; the milliseconds always do. */}
      <span
        aria-live="polite"
        className={`hinge-s px-3 py-1.5 text-[0.95rem] font-semibold ${look[part.state]}`}
      >
        {words[part.state]}
      </span>
      <span className="font-mono text-[0.85rem] text-muted">{detail.join(" · ")}</span>
    </p>
  );
}

import type { HomeWords } from "../words/en/home.ts";

/** Questions and answers that open without a script. */
export function Questions({ words }: { words: HomeWords["questions"] }) {
  return (
    <section
      id="questions"
      className="later mx-auto grid max-w-6xl gap-x-16 gap-y-8 px-5 pt-28 lg:grid-cols-[1fr_2fr]"
    >
      <h2 className="text-4xl sm:text-5xl">{words.title}</h2>
      <div className="border-b border-line">
        {words.items.map(({ q, a }) => (
          <details key={q} className="group border-t border-line">
            <summary className="flex min-h-16 cursor-pointer list-none items-center justify-between gap-6 py-4 font-display text-xl font-semibold [&::-webkit-details-marker]:hidden">
              <h3 className="text-xl leading-snug! font-semibold! tracking-normal!">{q}</h3>
              <svg
                viewBox="0 0 20 20"
                className="size-5 shrink-0 text-shell transition-transform group-open:rotate-45"
                aria-hidden="true"
              >
                <path d="M10 3v14M3 10h14" stroke="currentColor" strokeWidth="2.5" strokeLinecap="round" />
              </svg>
            </summary>
            <p className="max-w-2xl pb-6 text-muted">{a}</p>
          </details>
        ))}
      </div>
    </section>
  );
}

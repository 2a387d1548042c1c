import type { HomeWords } from "../words/en/home.ts";
import type { Language } from "../words/paths.ts";
import { WaitlistForm } from "./waitlist-form.tsx";

export function Waitlist({ words, language }: { words: HomeWords["waitlist"]; language: Language }) {
  return (
    <section id="waitlist" className="later mx-auto max-w-6xl px-5 pt-28">
      <div className="hinge grid gap-x-14 gap-y-8 bg-shell-soft px-6 py-12 sm:px-12 sm:py-16 lg:grid-cols-2">
        <div>
          <h2 className="text-4xl sm:text-5xl">{words.title}</h2>
          <p className="mt-5 text-lg">{words.lead}</p>
        </div>
        <WaitlistForm words={words} language={language} />
      </div>
    </section>
  );
}

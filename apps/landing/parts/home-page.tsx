import { homeGraph } from "../lib/structured-data.ts";
import { listPrices } from "../lib/prices.ts";
import { readDemo } from "../lib/demo-data.ts";
import { href, type Language } from "../words/paths.ts";
import { words as allWords } from "../words/words.ts";
import { Calculator } from "./calculator.tsx";
import { Day } from "./day.tsx";
import { Demo } from "./demo.tsx";
import { Frame } from "./frame.tsx";
import { Hero } from "./hero.tsx";
import { How } from "./how.tsx";
import { Questions } from "./questions.tsx";
import { Shells } from "./shells.tsx";
import { StructuredData } from "./structured-data.tsx";
import { Waitlist } from "./waitlist.tsx";

export function HomePage({ language }: { language: Language }) {
  const words = allWords[language];
  const { home } = words;
  const { recording, brain } = readDemo();
  return (
    <Frame language={language} path="/">
      <StructuredData json={homeGraph(language, words)} />
      <Hero language={language} />
      <section id="demo" className="mx-auto max-w-6xl px-5 pt-6">
        <h2 className="text-4xl sm:text-5xl">{home.demo.title}</h2>
        <p className="mt-4 mb-8 max-w-2xl text-lg text-muted">{home.demo.lead}</p>
        <Demo recording={recording} brain={brain} words={home.demo} />
        <p className="mt-4 max-w-3xl text-[0.95rem] text-muted">{home.demo.honest}</p>
      </section>
      <How words={home.how} />
      <Day words={home.day} />
      <Shells language={language} />
      <section id="price" className="later mx-auto max-w-6xl px-5 pt-28">
        <h2 className="text-4xl sm:text-5xl">{home.price.title}</h2>
        <p className="mt-5 mb-10 max-w-2xl text-lg text-muted">{home.price.lead}</p>
        <Calculator
          models={listPrices().filter(({ provider }) => provider !== "OpenRouter")}
          words={words.pricing.calc}
          language={language}
        />
        <p className="mt-4">
          <a className="link inline-block py-1.5" href={href(language, "/pricing")}>
            {home.price.more}
          </a>
        </p>
      </section>
      <Questions words={home.questions} />
      <Waitlist words={home.waitlist} language={language} />
    </Frame>
  );
}

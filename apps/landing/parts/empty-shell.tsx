import { mark } from "@molt/brand";
import { href, languages } from "../words/paths.ts";
import { words } from "../words/words.ts";

/** The picture of a page that is not there: a shell that somebody has left. */
export function Empty() {
  return (
    <div className="mx-auto grid max-w-4xl items-center gap-10 px-5 pt-16 md:grid-cols-[1fr_1.3fr]">
      <svg viewBox="-2 -2 52 52" className="mx-auto w-56 md:w-full" aria-hidden="true">
        <path
          d={mark.claw}
          fill="none"
          stroke="var(--edge)"
          strokeWidth="1.2"
          strokeDasharray="3 2.2"
          strokeLinecap="round"
        />
        <path
          d={mark.shell}
          fill="none"
          stroke="var(--shell)"
          strokeWidth={mark.shellWidth}
          strokeLinecap="round"
        />
      </svg>
      <div>
        {languages.map((language) => {
          const { notFound } = words[language];
          const Heading = language === "en" ? "h1" : "h2";
          return (
            <div key={language} lang={language} className="not-first:mt-10">
              <Heading className={language === "en" ? "text-5xl" : "text-3xl"}>{notFound.heading}</Heading>
              <p className="mt-3 text-lg text-muted">{notFound.lead}</p>
              <p className="mt-3">
                <a className="link inline-block py-1.5" href={href(language, "/")}>
                  {notFound.home}
                </a>
              </p>
            </div>
          );
        })}
      </div>
    </div>
  );
}

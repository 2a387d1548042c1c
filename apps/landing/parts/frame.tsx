/** What every page has around it: html with its language, the house's colours and faces, header and footer. */
import { name } from "@molt/brand";
import type { ReactNode } from "react";
import { display, text } from "../app/fonts.ts";
import { themeCss } from "../lib/theme.ts";
import { site } from "../site.config.ts";
import { href, type Language, type Path } from "../words/paths.ts";
import { words } from "../words/words.ts";
import { AppLink } from "./app-link.tsx";
import { LanguageLink } from "./language-link.tsx";
import { Mark } from "./mark.tsx";

export function Document({ language, children }: { language: Language; children: ReactNode }) {
  return (
    <html
      lang={language}
      className={`${display.variable} ${text.variable}`}
      data-api-url={site.apiUrl}
      data-app-url={site.appUrl}
    >
      <head>
        <style dangerouslySetInnerHTML={{ __html: themeCss }} />
      </head>
      <body>{children}</body>
    </html>
  );
}

/** @param path the page shown, for the link to the same page in the other language. */
export function Frame({ language, path, children }: { language: Language; path: Path; children: ReactNode }) {
  const { frame } = words[language];
  return (
    <>
      <a
        href="#content"
        className="button button-loud sr-only focus:not-sr-only focus:fixed focus:top-3 focus:left-3 focus:z-50"
      >
        {frame.skip}
      </a>
      <Header language={language} path={path} />
      <main id="content">{children}</main>
      <Footer language={language} />
    </>
  );
}

function Header({ language, path }: { language: Language; path: Path }) {
  const { frame } = words[language];
  const other: Language = language === "en" ? "de" : "en";
  const item =
    "hidden rounded-lg px-3 py-2 text-[0.95rem] text-muted hover:text-text md:inline-block aria-[current]:text-text";
  const links: [Path, string][] = [
    ["/pricing", frame.pricing],
    ["/security", frame.security],
    ["/changelog", frame.changelog],
  ];
  return (
    <header className="sticky top-0 z-30 border-b border-transparent bg-bg/88 backdrop-blur-md">
      <div className="mx-auto flex h-16 max-w-6xl items-center gap-1 px-5">
        <a
          href={href(language, "/")}
          className="mr-auto flex items-center gap-2.5 py-2 font-display text-xl font-bold tracking-tight"
        >
          <Mark size={30} className="text-shell" />
          <span className="whitespace-nowrap max-[23.5rem]:sr-only">{name}</span>
        </a>
        <nav aria-label={frame.nav} className="contents">
          {links.map(([to, label]) => (
            <a
              key={to}
              href={href(language, to)}
              className={item}
              aria-current={to === path ? "page" : undefined}
            >
              {label}
            </a>
          ))}
          <LanguageLink
            href={href(other, path)}
            language={other}
            className="rounded-lg px-3 py-2 text-[0.95rem] text-muted hover:text-text"
          >
            {frame.other}
          </LanguageLink>
        </nav>
        <AppLink
          fallback={href(language, "/", "#waitlist")}
          className="button button-loud ml-2 min-h-11! px-4! text-[0.95rem]"
        >
          {frame.start}
        </AppLink>
      </div>
    </header>
  );
}

function Footer({ language }: { language: Language }) {
  const { frame } = words[language];
  const groups: [Path, string][][] = [
    [
      ["/pricing", frame.pricing],
      ["/security", frame.security],
    ],
    [
      ["/changelog", frame.changelog],
      ["/status", frame.status],
    ],
    [
      ["/privacy", frame.privacy],
      ["/terms", frame.terms],
      ["/imprint", frame.imprint],
    ],
  ];
  return (
    <footer className="mt-28 border-t border-line bg-sunken">
      <div className="mx-auto flex max-w-6xl flex-wrap gap-x-16 gap-y-8 px-5 py-12">
        <div className="mr-auto max-w-xs">
          <Mark size={40} className="text-shell" />
          <p className="mt-3 text-[0.95rem] text-muted">{frame.independent}</p>
        </div>
        {groups.map((group) => (
          <ul key={group[0]?.[0]} className="space-y-1">
            {group.map(([to, label]) => (
              <li key={to}>
                <a
                  href={href(language, to)}
                  className="inline-block py-1.5 text-[0.95rem] text-muted hover:text-text"
                >
                  {label}
                </a>
              </li>
            ))}
          </ul>
        ))}
      </div>
    </footer>
  );
}

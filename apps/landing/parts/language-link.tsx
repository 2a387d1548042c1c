"use client";
import { type ReactNode, useEffect, useState } from "react";
import { carried } from "../lib/visit-origin.ts";

/**
 * The link to this page in the other language. It takes query and fragment along: a friend's code, the
 * place in the page, and on the pages behind a mail the token, which only the fragment holds.
 */
export function LanguageLink({
  href,
  language,
  className,
  children,
}: {
  href: string;
  language: string;
  className: string;
  children: ReactNode;
}) {
  const [along, setAlong] = useState("");
  useEffect(() => {
    const read = () => setAlong(location.search + location.hash);
    read();
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  useCarriedOrigin();
  return (
    <a href={href + along} hrefLang={language} lang={language} className={className}>
      {children}
    </a>
  );
}

/** Every way to follow a link begins with one of these. */
const beginnings = ["click", "auxclick", "contextmenu"] as const;

/** The other links of these pages are plain; the moment one is followed, it takes the reader's origin along. */
function useCarriedOrigin(): void {
  useEffect(() => {
    const carry = ({ target }: Event) => {
      const link = target instanceof Element ? target.closest("a") : null;
      if (link?.origin !== location.origin) return;
      const query = carried(location.search, link.search);
      if (query !== undefined) link.search = query;
    };
    for (const name of beginnings) document.addEventListener(name, carry, true);
    return () => {
      for (const name of beginnings) document.removeEventListener(name, carry, true);
    };
  }, []);
}

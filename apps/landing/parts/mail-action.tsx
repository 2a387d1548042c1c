"use client";
import { useState } from "react";
import { askApi } from "../lib/ask-api.ts";
import type { HomeWords } from "../words/en/home.ts";
import type { PageWords } from "../words/en/pages.ts";
import { href, type Language } from "../words/paths.ts";

const endpoints = {
  confirm: "/waitlist/confirm",
  leave: "/waitlist/leave",
  unsubscribe: "/mail/unsubscribe",
} as const;

interface Props {
  action: keyof typeof endpoints;
  language: Language;
  words: { button: string; done: string; confirm: PageWords["confirm"]; form: HomeWords["waitlist"] };
}

/**
 * The button behind a link in a mail. The token stands after the `#`, so no server on the way sees
 * it, and nothing happens before the click, so a mail scanner that opens links confirms nothing.
 */
export function MailAction({ action, language, words }: Props) {
  const [said, setSaid] = useState("");
  const [place, setPlace] = useState<Place | null>(null);
  const [state, setState] = useState<"ready" | "sending" | "done">("ready");

  async function act() {
    const token = location.hash.slice(1);
    if (!token) return setSaid(words.confirm.missing);
    setState("sending");
    const answer = await askApi(endpoints[action], { token });
    setState(answer.kind === "ok" ? "done" : "ready");
    if (answer.kind === "ok") setPlace(placeOf(answer.body));
    const troubles = {
      invalid: words.confirm.invalid,
      limited: words.form.limited,
      failed: words.form.failed,
      offline: words.form.offline,
    };
    setSaid(answer.kind === "ok" ? words.done : troubles[answer.kind]);
  }

  return (
    <div className="mt-8" data-done={state === "done" ? "" : undefined}>
      {state === "done" ? null : (
        <button
          type="button"
          onClick={() => void act()}
          disabled={state === "sending"}
          className="button button-loud text-lg"
        >
          {state === "sending" ? words.form.sending : words.button}
        </button>
      )}
      <p
        role="status"
        className={`mt-5 min-h-8 text-lg ${state === "done" ? "font-semibold text-kelp" : "text-danger"}`}
      >
        {said}
      </p>
      {place ? <YourPlace place={place} words={words.confirm} language={language} /> : null}
      <noscript>
        <p>{words.form.noScript}</p>
      </noscript>
    </div>
  );
}

interface Place {
  position: number;
  referralCode: string;
}

function placeOf(body: unknown): Place | null {
  if (typeof body !== "object" || body === null || !("position" in body) || !("referralCode" in body))
    return null;
  return { position: Number(body.position), referralCode: String(body.referralCode) };
}

function YourPlace({
  place,
  words,
  language,
}: {
  place: Place;
  words: PageWords["confirm"];
  language: Language;
}) {
  const [copied, setCopied] = useState(false);
  const link = `${location.origin}${href(language, "/")}?ref=${place.referralCode}#waitlist`;
  const copy = () => void navigator.clipboard.writeText(link).then(() => setCopied(true));
  return (
    <div className="hinge mt-6 border border-line bg-surface p-6">
      <p className="text-muted">{words.position}</p>
      <p className="font-display text-6xl font-bold tabular-nums">{place.position}</p>
      <p className="mt-5">{words.refer}</p>
      <p className="mt-3 font-mono text-[0.95rem] break-all">{link}</p>
      <button type="button" onClick={copy} className="button button-quiet mt-4">
        {copied ? words.copied : words.copy}
      </button>
    </div>
  );
}

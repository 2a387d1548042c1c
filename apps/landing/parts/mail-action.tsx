"use client";
import { useEffect, useRef, useState } from "react";
import { type Answer, askApi } from "../lib/ask-api.ts";
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
  const status = useRef<HTMLParagraphElement>(null);

  // The button had the focus and is gone: what it did is where the reader goes on.
  useEffect(() => {
    if (state === "done") status.current?.focus();
  }, [state]);

  async function act() {
    if (state === "sending") return;
    const token = location.hash.slice(1);
    if (!token) return setSaid(words.confirm.missing);
    setState("sending");
    const answer = await askApi(endpoints[action], { token });
    setState(answer.kind === "ok" ? "done" : "ready");
    if (answer.kind !== "ok") return setSaid(troubles(words)[answer.kind]);
    const { invited, place: won } = placeOf(answer.body);
    setPlace(won);
    setSaid(invited ? words.confirm.invited : words.done);
  }

  return (
    <div className="mt-8" data-done={state === "done" ? "" : undefined}>
      {state === "done" ? null : (
        <button
          type="button"
          onClick={() => void act()}
          // Not disabled: that would drop the focus of whoever pressed it.
          aria-disabled={state === "sending"}
          className="button button-loud text-lg"
        >
          {state === "sending" ? words.form.sending : words.button}
        </button>
      )}
      <p
        ref={status}
        role="status"
        tabIndex={-1}
        className={`mt-5 min-h-8 text-lg ${state === "done" ? "font-semibold text-kelp" : "text-danger"}`}
      >
        {said}
      </p>
      {place ? <YourPlace place={place} words={words.confirm} language={language} /> : null}
      <noscript>
        <p>{words.confirm.noScript}</p>
      </noscript>
    </div>
  );
}

interface Place {
  position: number;
  referralCode: string;
}

/** Somebody who was invited already waits for no place any more: the contract's position is null. */
function placeOf(body: unknown): { invited: boolean; place: Place | null } {
  if (typeof body !== "object" || body === null || !("position" in body) || !("referralCode" in body))
    return { invited: false, place: null };
  const { position, referralCode } = body;
  if (position === null) return { invited: true, place: null };
  return { invited: false, place: { position: Number(position), referralCode: String(referralCode) } };
}

/** A token that is none was cut off on its way here; only the list knows tokens that are over. */
function troubles({ confirm, form }: Props["words"]): Record<Exclude<Answer["kind"], "ok">, string> {
  return { ...form, invalid: confirm.missing, gone: confirm.invalid };
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

"use client";
import { type FormEvent, useEffect, useId, useState } from "react";
import { askApi } from "../lib/ask-api.ts";
import { runtimeConfig } from "../lib/runtime-config.ts";
import type { HomeWords } from "../words/en/home.ts";
import type { Language } from "../words/paths.ts";

type State = "idle" | "sending" | "ok" | "invalid" | "limited" | "failed" | "offline";

export function WaitlistForm({ words, language }: { words: HomeWords["waitlist"]; language: Language }) {
  const { state, submit } = useSubmit(language);
  const id = useId();
  const said: Record<State, string> = { ...words, idle: words.privacy, ok: words.done };
  const trouble = state === "invalid" || state === "limited" || state === "failed";
  return (
    <form onSubmit={(event) => void submit(event)}>
      <label htmlFor={id} className="block font-semibold">
        {words.email}
      </label>
      <div className="mt-2 flex flex-wrap gap-3">
        <input
          id={id}
          name="email"
          type="email"
          required
          maxLength={254}
          autoComplete="email"
          aria-invalid={state === "invalid"}
          aria-describedby={`${id}-said`}
          className="hinge-s h-13 min-w-0 grow basis-60 border-[1.5px] border-edge bg-surface px-4 text-lg"
        />
        <button type="submit" disabled={state === "sending"} className="button button-loud h-13">
          {state === "sending" ? words.sending : words.submit}
        </button>
      </div>
      <Trap label={words.trap} />
      <p
        id={`${id}-said`}
        role="status"
        className={`mt-3 min-h-14 ${state === "ok" ? "font-semibold text-kelp" : trouble ? "text-danger" : "text-muted"}`}
      >
        {said[state]}
      </p>
      <noscript>
        <p>{words.noScript}</p>
      </noscript>
    </form>
  );
}

function useSubmit(language: Language) {
  const [state, setState] = useState<State>("idle");
  useEffect(() => {
    void runtimeConfig().then(({ apiUrl }) => {
      if (!apiUrl) setState("offline");
    });
  }, []);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setState("sending");
    const answer = await askApi("/waitlist", { ...origin(), ...fields(form), language });
    setState(answer.kind);
  }
  return { state, submit };
}

/** Out of sight of people and screen readers; whoever fills it in is a script. */
function Trap({ label }: { label: string }) {
  return (
    <p aria-hidden="true" className="absolute -left-[200vw] h-px w-px overflow-hidden">
      <label>
        {label}
        <input name="website" type="text" tabIndex={-1} autoComplete="off" />
      </label>
    </p>
  );
}

function fields(form: FormData): { email: string; website?: string } {
  const text = (name: string) => {
    const value = form.get(name);
    return typeof value === "string" ? value : "";
  };
  const website = text("website");
  return website ? { email: text("email"), website } : { email: text("email") };
}

/** Where the reader came from, if the address of this page says so: ?ref= of a friend, ?utm_… of a campaign. */
function origin(): Record<string, string> {
  const query = new URLSearchParams(location.search);
  const kept: Record<string, string> = {};
  const ref = query.get("ref");
  if (ref && /^[a-z0-9]{8}$/.test(ref)) kept["referredBy"] = ref;
  const source = query.get("utm_source");
  if (source) kept["source"] = source.slice(0, 100);
  const campaign = query.get("utm_campaign");
  if (campaign) kept["campaign"] = campaign.slice(0, 100);
  return kept;
}

"use client";
import { type FormEvent, useEffect, useId, useState, useSyncExternalStore } from "react";
import { type Answer, askApi } from "../lib/ask-api.ts";
import { originOf } from "../lib/visit-origin.ts";
import { runtimeConfig } from "../lib/runtime-config.ts";
import type { HomeWords } from "../words/en/home.ts";
import type { Language } from "../words/paths.ts";

type State = "idle" | "sending" | Answer["kind"];

export function WaitlistForm({ words, language }: { words: HomeWords["waitlist"]; language: Language }) {
  const { state, submit } = useSubmit(language);
  const live = useLive();
  const id = useId();
  // An api without a waitlist (`gone`) is a failure of ours, not of the address.
  const said: Record<State, string> = { ...words, idle: words.privacy, ok: words.done, gone: words.failed };
  const calm = ["idle", "sending", "ok", "offline"].includes(state);
  // Without a running script a form is sent as the address of the next page, which hosts and histories
  // keep. A disabled button stops that, Enter too; `post` where a browser restores the button enabled.
  return (
    <form method="post" onSubmit={(event) => void submit(event)}>
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
        <button
          type="submit"
          disabled={!live}
          aria-disabled={state === "sending"}
          className="button button-loud h-13 noscript:opacity-50"
        >
          {state === "sending" ? words.sending : words.submit}
        </button>
      </div>
      <Trap label={words.trap} />
      <p
        id={`${id}-said`}
        role="status"
        className={`mt-3 min-h-14 ${state === "ok" ? "font-semibold text-kelp" : calm ? "text-muted" : "text-danger"}`}
      >
        {said[state]}
      </p>
      <noscript>
        <p>{words.noScript}</p>
      </noscript>
    </form>
  );
}

const never = () => () => undefined;

/** False in the page as it was built, true once its script runs. */
function useLive(): boolean {
  return useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
}

function useSubmit(language: Language) {
  const [state, setState] = useState<State>("idle");
  useEffect(() => {
    void runtimeConfig().then(({ apiUrl, known }) => {
      if (known && !apiUrl) setState("offline");
    });
  }, []);
  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    // Not by disabling the button: that would drop the focus of whoever pressed it.
    if (state === "sending") return;
    const form = new FormData(event.currentTarget);
    setState("sending");
    const answer = await askApi("/waitlist", { ...originOf(location.search), ...fields(form), language });
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

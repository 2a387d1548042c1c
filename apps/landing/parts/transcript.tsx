"use client";
import { useEffect, useRef } from "react";
import type { Moment } from "../lib/player.ts";
import type { HomeWords } from "../words/en/home.ts";

/** The conversation at one moment, which was held in English. Its height is fixed, so that growing text moves nothing on the page. */
export function Transcript({ moment, words }: { moment: Moment; words: HomeWords["demo"] }) {
  const list = useRef<HTMLDivElement>(null);
  const said = moment.messages.length + (moment.running?.text.length ?? 0);
  useEffect(() => {
    if (!list.current) return;
    list.current.scrollTop = list.current.scrollHeight;
    fadeWhatIsCut(list.current);
  }, [said]);
  const { activity } = moment;
  return (
    <div className="flex h-[25rem] flex-col lg:h-0 lg:min-h-full">
      <div
        ref={list}
        role="log"
        aria-live="off"
        aria-label={words.transcript}
        tabIndex={0}
        onScroll={(event) => fadeWhatIsCut(event.currentTarget)}
        className="cut-fades flex min-h-0 grow flex-col gap-3 overflow-y-auto px-4 py-5 sm:px-6"
      >
        {moment.messages.map((message) => (
          <Bubble
            key={message.id}
            mine={message.role === "user"}
            name={message.role === "user" ? words.you : words.bot}
            text={message.text}
          />
        ))}
        {moment.running ? <Bubble mine={false} name={words.bot} text={moment.running.text} /> : null}
      </div>
      <p className="flex h-14 shrink-0 items-center gap-3 border-t border-line px-4 text-[0.95rem] text-muted sm:px-6">
        <span
          aria-hidden="true"
          className={`size-2.5 shrink-0 rounded-full ${activity ? "bg-thought" : "bg-kelp"}`}
        />
        <span className="truncate">
          {activity ? <span lang="en">{activity.label}</span> : words.idle}
          {activity?.detail ? <code className="ml-2 font-mono text-[0.85em]">{activity.detail}</code> : null}
        </span>
      </p>
    </div>
  );
}

/** Lines that run under the upper edge fade out there instead of being cut in half. */
function fadeWhatIsCut(list: HTMLElement): void {
  list.toggleAttribute("data-cut", list.scrollTop > 4);
}

function Bubble({ mine, name, text }: { mine: boolean; name: string; text: string }) {
  return (
    <div className={mine ? "ml-auto max-w-[85%]" : "mr-auto max-w-[88%]"}>
      <p className={`mb-1 text-[0.8rem] text-muted ${mine ? "text-right" : ""}`}>{name}</p>
      <p
        lang="en"
        className={`whitespace-pre-wrap px-4 py-2.5 leading-snug ${mine ? "rounded-[18px_18px_4px_18px] bg-shell-soft" : "rounded-[18px_18px_18px_4px] bg-sunken"}`}
      >
        {text}
      </p>
    </div>
  );
}

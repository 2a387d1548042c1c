import type { HomeWords } from "../words/en/home.ts";

const percent = (hour: number) => `${(hour / 24) * 100}%`;

/** One day of a bot on a line of 24 hours: mostly asleep, awake three times, and why. */
export function Day({ words }: { words: HomeWords["day"] }) {
  return (
    <section className="later mx-auto max-w-6xl px-5 pt-28">
      <h2 className="max-w-2xl text-4xl sm:text-5xl">{words.title}</h2>
      <p className="mt-5 max-w-2xl text-lg text-muted">{words.lead}</p>
      <div className="mt-12" aria-hidden="true">
        <div className="relative h-24">
          <div className="absolute inset-x-0 bottom-0 h-12 rounded-[14px_14px_14px_4px] border border-line bg-sunken" />
          {words.spans.map(([from = 0, to = 0]) => (
            <div
              key={from}
              className="absolute bottom-0 h-20 rounded-[8px_8px_8px_2px] bg-kelp"
              style={{ left: percent(from), width: `max(7px, ${percent(to - from)})` }}
            />
          ))}
          <span className="absolute bottom-3 left-4 text-[0.9rem] text-muted">{words.asleep}</span>
          <span
            className="absolute bottom-[3.6rem] text-[0.9rem] font-semibold text-kelp"
            style={{ left: `calc(${percent(words.spans[0]?.[1] ?? 0)} + 8px)` }}
          >
            {words.awake}
          </span>
        </div>
        <div className="relative mt-2 h-6 font-mono text-[0.8rem] text-muted">
          {["00", "06", "12", "18", "24"].map((hour, index) => (
            <span
              key={hour}
              className={`absolute ${index === 0 ? "" : index === 4 ? "-translate-x-full" : "-translate-x-1/2"}`}
              style={{ left: percent(index * 6) }}
            >
              {hour}
            </span>
          ))}
        </div>
      </div>
      <ol className="mt-8 grid gap-x-10 gap-y-6 md:grid-cols-3">
        {words.events.map((event) => (
          <li key={event.title}>
            <p className="font-mono text-kelp">{event.title}</p>
            <p className="mt-1">{event.text}</p>
          </li>
        ))}
      </ol>
      <p className="mt-8 max-w-3xl text-[0.95rem] text-muted">
        {words.caption} {words.wake}
      </p>
    </section>
  );
}

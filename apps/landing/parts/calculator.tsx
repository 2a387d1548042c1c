"use client";
import { useId, useState } from "react";
import { estimate, type Habits, PLAN_PICOS, type PricedModel } from "../lib/estimate.ts";
import type { Language } from "../words/paths.ts";
import type { PageWords } from "../words/en/pages.ts";

type Words = PageWords["pricing"]["calc"];
/** The recorded bot (demo/) sent about 11,000 tokens; the rest is a guess at a longer talk, whose prefix is cached. */
const start: Habits = {
  messagesPerDay: 20,
  callsPerMessage: 3,
  inputTokens: 11_000,
  cachedPercent: 80,
  outputTokens: 300,
};

/** A middle-sized model of the list to begin with; the first of the list should this one ever leave it. */
const usual = "claude-sonnet-5";

/** What can be moved, from the first thing people know about themselves to the last. */
const sliders = [
  { name: "messagesPerDay", label: "messages", min: 0, max: 200, step: 1 },
  { name: "callsPerMessage", label: "calls", hint: "callsHint", min: 1, max: 20, step: 1 },
  { name: "inputTokens", label: "input", hint: "inputHint", min: 1000, max: 100_000, step: 1000 },
  { name: "cachedPercent", label: "cached", hint: "cachedHint", min: 0, max: 95, step: 5, unit: " %" },
  { name: "outputTokens", label: "output", min: 50, max: 4000, step: 50 },
] as const satisfies readonly {
  name: keyof Habits;
  label: keyof Words;
  hint?: keyof Words;
  min: number;
  max: number;
  step: number;
  unit?: string;
}[];

interface CalculatorProps {
  models: PricedModel[];
  words: Words;
  language: Language;
}

/** The bill of a month, worked out with the ledger's price list in the ledger's integers. */
export function Calculator({ models, words, language }: CalculatorProps) {
  const [habits, setHabits] = useState(start);
  const [modelId, setModelId] = useState(usual);
  const model = models.find((known) => known.id === modelId) ?? models[0];
  if (!model) return null;
  const { cost, charge, total } = estimate(model, habits);
  const money = (picos: bigint) => dollars(picos, language);
  return (
    <div className="hinge grid overflow-hidden border border-line bg-surface lg:grid-cols-[1.35fr_1fr]">
      <div className="space-y-6 p-5 sm:p-8">
        <ModelChoice models={models} label={words.model} value={model.id} onChange={setModelId} />
        {sliders.map((slider) => (
          <Slider
            key={slider.name}
            {...slider}
            label={words[slider.label]}
            hint={"hint" in slider ? words[slider.hint] : undefined}
            value={habits[slider.name]}
            language={language}
            onChange={(value) => setHabits({ ...habits, [slider.name]: value })}
          />
        ))}
      </div>
      <div className="flex flex-col justify-center bg-sunken p-5 max-lg:border-t sm:p-8 lg:border-l lg:border-line">
        <dl className="space-y-3">
          <Line label={words.cost} value={money(cost)} quiet />
          <Line label={words.charge} value={money(charge)} />
          <Line label={words.plan} value={money(PLAN_PICOS)} />
        </dl>
        <div className="mt-5 border-t-2 border-text pt-4" aria-live="polite">
          <p className="text-muted">{words.total}</p>
          <p className="font-display text-5xl font-bold tracking-tight tabular-nums">{money(total)}</p>
        </div>
        <p className="mt-4 text-[0.9rem] text-muted">{words.estimate}</p>
      </div>
    </div>
  );
}

interface ModelChoiceProps {
  models: PricedModel[];
  label: string;
  value: string;
  onChange(id: string): void;
}

function ModelChoice({ models, label, value, onChange }: ModelChoiceProps) {
  const id = useId();
  const makers = [...new Set(models.map(({ provider }) => provider))];
  return (
    <div>
      <label htmlFor={id} className="block font-semibold">
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className="hinge-s mt-2 h-12 w-full border-[1.5px] border-edge bg-bg px-3"
      >
        {makers.map((maker) => (
          <optgroup key={maker} label={maker}>
            {models
              .filter(({ provider }) => provider === maker)
              .map((model) => (
                <option key={model.id}>{model.id}</option>
              ))}
          </optgroup>
        ))}
      </select>
    </div>
  );
}

function Line({ label, value, quiet = false }: { label: string; value: string; quiet?: boolean }) {
  return (
    <div className={`flex items-baseline justify-between gap-4 ${quiet ? "text-muted" : ""}`}>
      <dt>{label}</dt>
      <dd className="font-mono tabular-nums">{value}</dd>
    </div>
  );
}

interface SliderProps {
  label: string;
  hint: string | undefined;
  value: number;
  min: number;
  max: number;
  step: number;
  unit?: string;
  language: Language;
  onChange(value: number): void;
}

function Slider({ label, hint, value, min, max, step, unit = "", language, onChange }: SliderProps) {
  const id = useId();
  const text = value.toLocaleString(language) + unit;
  return (
    <div>
      <div className="flex items-baseline justify-between gap-4">
        <label htmlFor={id} className="font-semibold">
          {label}
        </label>
        <output htmlFor={id} className="font-mono tabular-nums">
          {text}
        </output>
      </div>
      <input
        id={id}
        type="range"
        min={min}
        max={max}
        step={step}
        value={value}
        aria-valuetext={text}
        aria-describedby={hint ? `${id}-hint` : undefined}
        onChange={(event) => onChange(Number(event.target.value))}
        // As tall as a thumb needs, though not to the eye.
        className={`h-11 w-full accent-shell ${hint ? "" : "-mb-3 block"}`}
      />
      {hint ? (
        <p id={`${id}-hint`} className="-mt-1 text-[0.9rem] text-muted">
          {hint}
        </p>
      ) : null}
    </div>
  );
}

/** Whole cents, half up, in the reader's own way of writing. Cents of any bill fit a double exactly. */
function dollars(picos: bigint, language: Language): string {
  const cents = Number((picos + 5_000_000_000n) / 10_000_000_000n);
  return (cents / 100).toLocaleString(language, { style: "currency", currency: "USD" });
}

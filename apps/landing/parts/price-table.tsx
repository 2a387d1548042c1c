import type { UnitPrices } from "../../../packages/contract/src/prices.ts";
import type { PricedModel } from "../lib/estimate.ts";
import type { Language } from "../words/paths.ts";
import { words as allWords } from "../words/words.ts";

interface PriceTableProps {
  language: Language;
  caption: string;
  models: PricedModel[];
}

/** Everything that is charged, by model. A model that is dearer for long calls has a second row. */
export function PriceTable({ language, caption, models }: PriceTableProps) {
  const { pricing } = allWords[language];
  const titles = [pricing.input, pricing.output, pricing.cacheRead, pricing.cacheWrite, pricing.cacheWrite1h];
  return (
    <div className="overflow-x-auto" role="region" aria-label={caption} tabIndex={0}>
      <table className="w-full min-w-[46rem] border-collapse">
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr className="border-b-2 border-text text-left">
            <th scope="col" className="py-3 pr-4 align-bottom">
              {pricing.model}
            </th>
            {titles.map((title) => (
              <th
                key={title}
                scope="col"
                className="w-[13.5%] py-3 pl-4 text-right align-bottom leading-tight"
              >
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {models.flatMap((model) => {
            const rows = [
              <tr key={model.id} className={model.long ? "" : "border-b border-line"}>
                <th scope="row" className="py-3 pr-4 text-left font-normal">
                  <code className="font-mono text-[0.95rem]">{model.id}</code>
                  <span className="ml-2 text-[0.85rem] text-muted">{model.provider}</span>
                </th>
                <Prices of={model} language={language} />
              </tr>,
            ];
            if (model.long)
              rows.push(
                <tr key={`${model.id} long`} className="border-b border-line">
                  <th scope="row" className="pr-4 pb-3 pl-4 text-left text-[0.9rem] font-normal text-muted">
                    <span className="sr-only">{model.id} </span>
                    {pricing.above.replace("{n}", model.long.above.toLocaleString(language))}
                  </th>
                  <Prices of={model.long} language={language} />
                </tr>,
              );
            return rows;
          })}
        </tbody>
      </table>
    </div>
  );
}

function Prices({ of, language }: { of: UnitPrices; language: Language }) {
  return [of.input, of.output, of.cacheRead, of.cacheWrite, of.cacheWrite1h].map((picos, index) => (
    <td key={index} className="py-3 pl-4 text-right font-mono tabular-nums">
      {perMillion(picos * 1.2, language)}
      <small className="block text-[0.8rem] text-muted">{perMillion(picos, language)}</small>
    </td>
  ));
}

/** Pico-dollars a token are micro-dollars a million tokens. For the eye only: the bill is made of integers. */
function perMillion(picos: number, language: Language): string {
  return (picos / 1_000_000).toLocaleString(language, {
    style: "currency",
    currency: "USD",
    maximumFractionDigits: 4,
  });
}

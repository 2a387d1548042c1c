/** `molt ledger …`: proves the books, and sends again what Stripe has dropped. */
import { readFile, stat } from "node:fs/promises";
import { checkLedger } from "../../apps/api/src/audit/check-ledger.ts";
import { ExportError, type ProviderExport, readExport } from "../../apps/api/src/audit/read-export.ts";
import { findMeter } from "../../apps/api/src/billing/find-meter.ts";
import { resendBatches } from "../../apps/api/src/billing/resend-batches.ts";
import { StartError } from "../lib/data-dir.ts";
import { findDatabase } from "../lib/operator-database.ts";
import { findStripe } from "../lib/operator-services.ts";
import { type Area, noWords, type OperatorDeps, type Said, textFlag } from "./command.ts";
import { describeCheck } from "./describe-check.ts";

/** A million calls as CSV are about 60 MB. */
const MAX_EXPORT_BYTES = 256 * 1024 * 1024;

export const ledger: Area = {
  usage: `
  npm run molt -- ledger check                proves the ledger, the meter batches and Stripe's sums; changes nothing
  npm run molt -- ledger check --provider-export usage.csv
                                              … and compares with what Anthropic or OpenAI say they served (CSV or JSON)
  npm run molt -- ledger resend               reports again what Stripe has dropped or refused, once the cause is mended`,
  commands: {
    check: {
      options: { "provider-export": { type: "string" } },
      read(words) {
        noWords(words);
        const file = textFlag(words, "provider-export");
        return (deps) => check(deps, file);
      },
    },
    resend: {
      read(words) {
        noWords(words);
        return resend;
      },
    },
  },
};

async function check(deps: OperatorDeps, file: string | undefined): Promise<Said> {
  const exported = file === undefined ? undefined : await readExportFile(file);
  const stripe = await findStripe(process.env, await findDatabase(process.env));
  const audit = await checkLedger(deps, { stripe, exported });
  const asked = stripe ? [] : ["Stripe was not asked: set STRIPE_SECRET_KEY to compare with it."];
  const verdict = audit.ok ? "The books are right." : "The books are NOT right.";
  return {
    words: [...audit.checks.map(describeCheck), ...asked, verdict].join("\n"),
    json: audit,
    failed: !audit.ok,
  };
}

async function readExportFile(file: string): Promise<ProviderExport> {
  const { size } = await stat(file).catch((cause: unknown) => {
    throw new StartError(`${file} cannot be read.`, { cause });
  });
  if (size > MAX_EXPORT_BYTES) throw new StartError(`${file} is larger than 256 MB. Export a shorter time.`);
  try {
    return readExport(await readFile(file, "utf8"));
  } catch (error) {
    if (error instanceof ExportError) throw new StartError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function resend(deps: OperatorDeps): Promise<Said> {
  const config = await findStripe(process.env, await findDatabase(process.env));
  if (!config)
    throw new StartError("Set STRIPE_SECRET_KEY: before anything is sent again, Stripe's sums are read.");
  const resent = await resendBatches(deps, { config, meter: await findMeter({ config }) });
  const counted = resent.counted.length > 0 ? ` ${resent.counted.length} had been counted after all.` : "";
  return {
    words: [`${resent.renewed.length} batches go out again.${counted}`, ...resent.renewed].join("\n"),
    json: resent,
  };
}

/** `molt check`: proves what must hold of a running system. */
import { checkSystem, verdicts } from "../../apps/api/src/audit/check-system.ts";
import { findDatabase } from "../lib/operator-database.ts";
import { findFly, findStripe } from "../lib/operator-services.ts";
import { type Area, noWords, type OperatorDeps, type Said } from "./command.ts";
import { describeCheck } from "./describe-check.ts";

export const check: Area = {
  usage: `
  npm run molt -- check                       proves what must hold of the running system, the books among it; changes nothing`,
  commands: {
    "": {
      read(words) {
        noWords(words);
        return run;
      },
    },
  },
};

async function run(deps: OperatorDeps): Promise<Said> {
  const url = await findDatabase(process.env);
  const [stripe, fly] = await Promise.all([findStripe(process.env, url), findFly(process.env, url)]);
  const checks = await checkSystem(deps, { stripe, fly });
  const ok = checks.every((one) => one.ok);
  const unasked = [
    ...(stripe ? [] : ["Stripe was not asked: set STRIPE_SECRET_KEY to compare with it."]),
    ...(fly ? [] : ["Fly was not asked: set FLY_API_TOKEN and FLY_ORG to compare with it."]),
  ];
  const verdict = ok ? "All is as it must be." : "Something is NOT as it must be.";
  const lines = checks.map((one) => `${one.invariant}  ${describeCheck(one)}`);
  return {
    words: [...lines, ...unasked, verdict].join("\n"),
    json: { ok, checks: verdicts(checks), unasked },
    failed: !ok,
  };
}

/** A provider's answer on its way to the bot, and what it says it cost on its way into the ledger. */
import type { ServerResponse } from "node:http";
import type { Deps } from "../deps.ts";
import { failpoint } from "../failpoints.ts";
import type { CallRow, Ending } from "./call-row.ts";
import { noTokens } from "./cost.ts";
import { isEventStream } from "./http-answer.ts";
import type { CallRequest } from "./read-call.ts";
import { type Reading, UsageReader } from "./read-usage.ts";
import { isAboutOurAccount, redactKeys } from "./redact.ts";
import { type Drains, Relay, type RelayEnd } from "./relay.ts";
import { returnHeaders } from "./return-headers.ts";
import { readWhole, type UpstreamAnswer } from "./upstream.ts";

const ERROR_BODY_BYTES = 1024 * 1024;
/** How long the end of an answer, or another attempt, waits for a settlement; then it goes without. */
export const SETTLE_PATIENCE_MS = 1_500;

export interface Passing {
  log: Deps["log"];
  drains: Drains;
  /** All keys of all providers, for redaction. */
  keys: readonly string[];
  botId: string;
  call: CallRequest;
  res: ServerResponse;
  row: CallRow;
}

/** Passes a good answer on and closes its row. */
export async function passAnswer(passing: Passing, answer: UpstreamAnswer): Promise<void> {
  const { call, res, row, drains, botId } = passing;
  const isStream = isEventStream(answer.headers);
  const reader = new UsageReader(call.api, isStream, call);
  row.answered(answer, reader.reading);
  if (!res.destroyed)
    res.writeHead(answer.status, { ...returnHeaders(answer.headers), "x-molt-call": row.callId });
  let flushing: NodeJS.Immediate | undefined;
  let hasBegun = false;
  const relay = new Relay(answer, res, {
    reader,
    drains,
    botId,
    isWhole: !isStream,
    dropUsageChunk: call.dropUsageChunk && isStream,
    onFirstByte() {
      hasBegun = true;
      clearImmediate(flushing);
      row.firstByte();
      void failpoint("mid-stream");
    },
    onFinal: () => settleReported(passing, reader.reading),
  });
  const running = relay.run();
  // The head goes with the first bytes, or by itself where these are late.
  if (isStream && !hasBegun) flushing = setImmediate(() => res.flushHeaders());
  const end = await running;
  clearImmediate(flushing);
  await settle(passing, reader.reading, end);
}

/** Writes the provider's numbers while the end of the answer waits, but not for ever. */
async function settleReported(passing: Passing, reading: Reading): Promise<void> {
  const { row, log, botId } = passing;
  if (reading.nonsense !== undefined) return;
  void row.close(reported(passing, reading));
  if (!(await row.closedWithin(SETTLE_PATIENCE_MS)))
    log.warn({ botId, callId: row.callId }, "an answer did not wait for its settlement any longer");
}

/** The provider's numbers. Billed as asked, also where another model answered: the operator hears of it. */
function reported({ row, log, botId, call }: Passing, { tokens, model }: Reading): Ending {
  const other = model !== undefined && row.isAnother(model) ? model : undefined;
  if (other !== undefined)
    log.error(
      { botId, callId: row.callId, asked: call.model, answered: other },
      "another model answered than the one that was asked, its price may differ",
    );
  return { state: "settled", tokens, reason: other === undefined ? undefined : `answered_by: ${other}` };
}

async function settle(passing: Passing, reading: Reading, end: RelayEnd): Promise<void> {
  const { row, log, botId, call } = passing;
  const { nonsense } = reading;
  if (reading.isFinal && nonsense === undefined) {
    await (row.closing ?? row.close(reported(passing, reading)));
    return;
  }
  const reason = estimateReason(end, reading);
  if (nonsense !== undefined || (end === "complete" && !reading.failed)) {
    const where = { botId, callId: row.callId, model: call.model, reason };
    log.error(where, "the provider reported no usable numbers, the call is an estimate");
  }
  await row.close({ state: "estimated", tokens: row.estimate(reading), reason });
}

function estimateReason(end: RelayEnd, reading: Reading): string {
  if (reading.nonsense !== undefined) return `nonsense: ${reading.nonsense}`.slice(0, 200);
  if (reading.failed) return "error_event";
  return end === "complete" ? "no_usage" : end;
}

export interface ProviderError {
  /** Without anything that looks like a key. */
  text: string;
  /** It speaks of the operator's account: nothing for a bot to read. */
  isOurs: boolean;
}

/** Reads a provider's error and closes the row: an error costs nothing unless it says otherwise. */
export async function readError(
  { log, keys, botId, call, row }: Passing,
  answer: UpstreamAnswer,
): Promise<ProviderError> {
  const { status } = answer;
  row.answered(answer);
  const body = await readWhole(answer, ERROR_BODY_BYTES).catch((err: unknown) => {
    log.warn({ err, botId }, "the provider's error was cut");
    return Buffer.alloc(0);
  });
  const reader = new UsageReader(call.api, false, call);
  reader.push(body);
  reader.end();
  const tokens = reader.reading.isFinal ? reader.reading.tokens : noTokens;
  void row.close({ state: "settled", tokens, reason: `upstream_${status}` });
  const text = redactKeys(body.toString("utf8"), keys);
  const isOurs = isAboutOurAccount(status, text);
  log[isOurs ? "error" : "warn"](
    { botId, callId: row.callId, status, text: text.slice(0, 500) },
    "the provider answered an error",
  );
  return { text, isOurs };
}

export function passError(res: ServerResponse, answer: UpstreamAnswer, text: string): void {
  const bytes = Buffer.from(text);
  res
    .writeHead(answer.status, { ...returnHeaders(answer.headers), "content-length": bytes.length })
    .end(bytes);
}

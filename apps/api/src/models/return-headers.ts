/** What of a provider's headers is for others than us. */
import { type AnswerHead, isEventStream } from "./http-answer.ts";

/** Names that may come back. No rate limits, organisations or cookies of the master key. */
const TO_BOT = [
  "content-type",
  "content-length",
  "cache-control",
  "retry-after",
  "request-id",
  "x-request-id",
  "openai-processing-ms",
];

/** The provider's headers that may reach the bot. A stream may lose its usage chunk, so its size does not count. */
export function returnHeaders(headers: AnswerHead["headers"]): Record<string, string> {
  const clean: Record<string, string> = {};
  for (const name of TO_BOT) {
    const value = headers[name];
    if (value !== undefined) clean[name] = value;
  }
  if (isEventStream(headers)) delete clean["content-length"];
  return clean;
}

/** The provider's own id of the call, for questions to its support. */
export function providerRequestId(headers: AnswerHead["headers"]): string | undefined {
  return (headers["request-id"] ?? headers["x-request-id"])?.slice(0, 200);
}

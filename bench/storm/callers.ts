/** The bots of the storm: each call carries its mark in the prompt and as its trace. */
import { createHash, randomBytes } from "node:crypto";
import { request } from "node:http";

/** How a call ended for the one who made it. */
export interface CallEnd {
  mark: string;
  outcome: "complete" | "cut" | "left" | "refused" | "unreachable";
  status: number;
  /** SHA-256 of what arrived. */
  sha256: string;
}

export interface CallOptions {
  url: string;
  key: string;
  /** Hangs up after so many bytes. */
  leaveAfter: number | undefined;
}

/** Never rejects: whatever happens to a call is an outcome. */
export function callOnce({ url, key, leaveAfter }: CallOptions): Promise<CallEnd> {
  const mark = randomBytes(16).toString("hex");
  const body = Buffer.from(
    JSON.stringify({
      model: "claude-sonnet-5",
      max_tokens: 500,
      stream: true,
      messages: [{ role: "user", content: `mark:${mark} ${"please ".repeat(40)}` }],
    }),
  );
  const headers = {
    "x-api-key": key,
    "content-type": "application/json",
    "content-length": body.length,
    traceparent: `00-${mark}-${mark.slice(0, 16)}-01`,
  };
  return new Promise((resolve) => {
    const hash = createHash("sha256");
    let bytes = 0;
    let tail = "";
    let status = 0;
    let hasLeft = false;
    const end = (outcome: CallEnd["outcome"]) =>
      resolve({ mark, outcome, status, sha256: hash.digest("hex") });
    const req = request(`${url}/v1/messages`, { method: "POST", headers, agent: false }, (res) => {
      status = res.statusCode ?? 0;
      res.on("data", (chunk: Buffer) => {
        hash.update(chunk);
        bytes += chunk.length;
        tail = (tail + chunk.toString("latin1")).slice(-200);
        if (leaveAfter !== undefined && bytes >= leaveAfter && !hasLeft) {
          hasLeft = true;
          req.destroy();
        }
      });
      res.on("error", () => undefined); // `close` says what it means
      res.on("close", () => {
        if (hasLeft) end("left");
        else if (status !== 200) end("refused");
        else end(res.complete && tail.includes("message_stop") ? "complete" : "cut");
      });
    });
    // Before an answer: nobody listens, or who listened was killed. After one, `close` has told.
    req.on("error", () => {
      if (status === 0) end("unreachable");
    });
    req.end(body);
  });
}

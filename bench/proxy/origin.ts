/**
 * The provider of the bench: answers every call with the same bytes (source.ts), each event in a
 * chunk of its own as providers send them, in the rhythm that the prompt names. The chunks are
 * framed beforehand, so that the origin costs as little as it can.
 */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { EVENTS, JSON_REPLY } from "./source.ts";

const GAP_MS = 10;
const PACE_MS = 20;
const framed = EVENTS.map((event) =>
  Buffer.concat([Buffer.from(`${event.length.toString(16)}\r\n`), event, Buffer.from("\r\n")]),
);
const END = Buffer.from("0\r\n\r\n");

function answerStream(res: ServerResponse, rhythm: string): void {
  res.writeHead(200, { "content-type": "text/event-stream", "transfer-encoding": "chunked" });
  res.chunkedEncoding = false; // the chunks are framed already
  if (rhythm === "burst") {
    res.end(Buffer.concat([...framed, END]));
    return;
  }
  const began = performance.now();
  let at = 0;
  const next = () => {
    // By the clock and not by the ticks: a late one must not make all that follow late.
    const due = Math.min(framed.length, 1 + Math.floor((performance.now() - began) / PACE_MS));
    if (due > at) res.write(due === at + 1 ? framed[at] : Buffer.concat(framed.slice(at, due)));
    at = due;
    if (at < framed.length) return;
    clearInterval(timer);
    res.end(END);
  };
  const rest = () => {
    clearInterval(timer);
    res.end(Buffer.concat([...framed.slice(1), END]));
  };
  const timer = rhythm === "gap" ? setInterval(rest, GAP_MS) : setInterval(next, PACE_MS);
  res.on("close", () => clearInterval(timer));
  next();
}

const server = createServer((req, res) => {
  if (req.headers["x-api-key"] !== process.env["API_KEY"]) {
    res.writeHead(401).end();
    return;
  }
  const chunks: Buffer[] = [];
  req.on("data", (chunk: Buffer) => chunks.push(chunk));
  req.on("end", () => {
    const body = Buffer.concat(chunks);
    if (body.includes('"stream":true')) {
      answerStream(res, /rhythm=(\w+)/.exec(body.toString("latin1"))?.[1] ?? "burst");
      return;
    }
    res
      .writeHead(200, { "content-type": "application/json", "content-length": JSON_REPLY.length })
      .end(JSON_REPLY);
  });
});
server.keepAliveTimeout = 65_000;
server.listen(0, "127.0.0.1", () => {
  // A listening TCP server has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ ready: true, url: `http://127.0.0.1:${port}` })}\n`);
});
process.once("SIGTERM", () => process.exit(0));

/**
 * What the model proxy is measured against: a key looked up in a map, the provider's key put in, and
 * the answer piped with node:http. No ledger, no checks. UPSTREAM is the origin; prints its address.
 */
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

const agent = new Agent({ keepAlive: true });
const keys = new Map([["bench-key", process.env["API_KEY"] ?? ""]]);
const server = createServer((req, res) => {
  const key = keys.get(String(req.headers["x-api-key"]));
  if (key === undefined) {
    res.writeHead(401).end();
    return;
  }
  const headers = { ...req.headers, "x-api-key": key };
  const upstream = request(
    `${process.env["UPSTREAM"]}${req.url}`,
    { method: req.method ?? "GET", agent, headers },
    (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    },
  );
  upstream.on("error", () => res.destroy());
  req.pipe(upstream);
});
server.listen(0, "127.0.0.1", () => {
  // A listening TCP server has an AddressInfo.
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ ready: true, url: `http://127.0.0.1:${port}` })}\n`);
});
process.once("SIGTERM", () => process.exit(0));

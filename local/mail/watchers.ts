/** The open pages that want to hear of new mails (server-sent events). Bounded; the oldest gives way. */
import type { FastifyReply, FastifyRequest } from "fastify";

import { limits } from "./limits.ts";

const beatMs = 20_000;

export interface Watchers {
  add(request: FastifyRequest, reply: FastifyReply): void;
  tell(event: "mail" | "cleared", data: object): void;
  close(): void;
}

export function createWatchers(): Watchers {
  const open = new Set<FastifyReply["raw"]>();
  // Without traffic a proxy in between would end the stream.
  const beat = setInterval(() => send(": still here\n\n"), beatMs);
  const send = (text: string): void => {
    for (const stream of open) stream.write(text);
  };
  return {
    add(request, reply) {
      reply.hijack();
      const stream = reply.raw;
      stream.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      stream.write("retry: 2000\n\n");
      open.add(stream);
      request.raw.once("close", () => open.delete(stream));
      const [oldest] = open;
      if (open.size > limits.watchers && oldest) oldest.end();
    },
    tell: (event, data) => send(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`),
    close() {
      clearInterval(beat);
      for (const stream of open) stream.end();
    },
  };
}

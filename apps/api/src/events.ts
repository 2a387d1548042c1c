/**
 * Tells other processes that something changed, through Postgres LISTEN/NOTIFY. A notification is
 * a hint to look, never the news itself: notifications sent while a listener reconnects are lost,
 * so every reader also looks by itself now and then, and once after each reconnect.
 */
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import type { Clock } from "./clock.ts";
import { listen } from "./db/listen.ts";
import type { Database } from "./db/types.ts";
import type { Logger } from "./log.ts";

const CHANNEL = "molt";

const event = z.object({
  kind: z.enum(["account", "bot", "mailbox", "mail", "stripe", "usage"]),
  botId: z.uuid().optional(),
  userId: z.uuid().optional(),
});
export type MoltEvent = z.infer<typeof event>;
export type EventKind = MoltEvent["kind"];

export interface Events {
  /** Inside a transaction it goes out with the commit, or not at all. */
  publish(executor: Kysely<Database>, event: MoltEvent): Promise<void>;
  /** @returns a function that ends the subscription. */
  subscribe(kind: EventKind, listener: (event: MoltEvent) => void): () => void;
  close(): Promise<void>;
}

export interface EventsOptions {
  url: string;
  log: Logger;
  clock: Clock;
}

/** For a process without a connection of its own to listen on, such as an operator's command. */
export async function publish(executor: Kysely<Database>, event: MoltEvent): Promise<void> {
  await sql`select pg_notify(${CHANNEL}, ${JSON.stringify(event)})`.execute(executor);
}

/** Opens the one dedicated connection of this process and keeps it open. */
export async function openEvents({ url, log, clock }: EventsOptions): Promise<Events> {
  const listeners = new Map<EventKind, Set<(event: MoltEvent) => void>>();
  const deliver = (payload: MoltEvent) => {
    for (const listener of listeners.get(payload.kind) ?? []) listener(payload);
  };
  const connection = await listen({
    url,
    channel: CHANNEL,
    clock,
    onPayload(text) {
      const parsed = event.safeParse(JSON.parse(text));
      if (parsed.success) deliver(parsed.data);
      else log.error({ text: text.slice(0, 200) }, "a notification was not understood");
    },
    onReconnect() {
      for (const kind of listeners.keys()) deliver({ kind });
    },
    onError: (err) => log.warn({ err }, "lost the notification connection, will connect again"),
  });
  return {
    publish,
    subscribe(kind, listener) {
      const set = listeners.get(kind) ?? new Set();
      listeners.set(kind, set.add(listener));
      return () => void set.delete(listener);
    },
    close: () => connection.close(),
  };
}

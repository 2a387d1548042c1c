/** One connection that listens on a channel and comes back when it was lost. */
import pg from "pg";
import type { Clock } from "../clock.ts";

const RETRY_MS = [100, 250, 500, 1000, 2000] as const;

export interface ListenOptions {
  url: string;
  channel: string;
  clock: Clock;
  onPayload(text: string): void;
  /** After a gap: whatever was sent meanwhile is unknown. */
  onReconnect(): void;
  onError(error: unknown): void;
}

export interface Listener {
  close(): Promise<void>;
}

/** Resolves when it listens for the first time. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const closing = new AbortController();
  let client = await connect(options, onLost);
  function onLost(error: unknown): void {
    if (closing.signal.aborted) return;
    options.onError(error);
    void reconnect();
  }
  async function reconnect(): Promise<void> {
    for (let attempt = 0; !closing.signal.aborted; attempt += 1) {
      try {
        await options.clock.sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] ?? 2000, closing.signal);
        client = await connect(options, onLost);
        options.onReconnect();
        return;
      } catch (error) {
        if (closing.signal.aborted) return;
        options.onError(error);
      }
    }
  }
  return {
    async close() {
      closing.abort();
      await client.end().catch(() => undefined); // already gone
    },
  };
}

async function connect(options: ListenOptions, onLost: (error: unknown) => void): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: options.url,
    application_name: "molt-events",
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  let lost = false;
  const once = (error: unknown) => {
    if (lost) return;
    lost = true;
    onLost(error);
  };
  await client.connect();
  client.on("error", once);
  client.on("end", () => once(new Error("the connection ended")));
  client.on("notification", (message) => options.onPayload(message.payload ?? "null"));
  await client.query(`listen ${pg.escapeIdentifier(options.channel)}`);
  return client;
}

/**
 * Webhook deliveries: signed, in the order of their events, tried again with back-off until the
 * endpoint answers 2xx. The queue is a table, so a restart forgets none.
 */
import { createHmac } from "node:crypto";
import { wallSeconds } from "./clock.ts";
import type { Faults } from "./control/faults.ts";
import type { Store } from "./store.ts";
import type { EventDestination, ThinEvent } from "./thin-types.ts";
import type { StripeEvent, WebhookEndpoint } from "./types.ts";

const timeoutMs = 10_000;
/** Doubling from half a second to a minute, about eleven hours in all: a laptop may sleep over night. */
const backoff = { firstMs: 500, maxMs: 60_000, attempts: 660 };
const batch = 50;
const idleMs = 500;

interface Due {
  seq: string;
  attempts: number;
  event: StripeEvent | ThinEvent;
  endpoint: WebhookEndpoint | EventDestination;
}

interface Logger {
  info(fields: object, words: string): void;
  error(fields: object, words: string): void;
}

export function signatureHeader(body: string, secrets: readonly string[], timestamp: number): string {
  const parts = secrets.map(
    (secret) => `v1=${createHmac("sha256", secret).update(`${timestamp}.${body}`).digest("hex")}`,
  );
  return [`t=${timestamp}`, ...parts].join(",");
}

/** A thin event leaves without its data. */
function wireForm(event: Due["event"], apiVersion: string | null): object {
  if (event.object === "event") return { ...event, api_version: apiVersion ?? event.api_version };
  const { data: _asked, ...notification } = event;
  return notification;
}

export class Deliverer {
  readonly #store: Store;
  readonly #faults: Faults;
  readonly #log: Logger;
  readonly #stop = new AbortController();
  #wake: () => void = () => {};
  #running: Promise<void> | undefined;

  constructor(store: Store, faults: Faults, log: Logger) {
    this.#store = store;
    this.#faults = faults;
    this.#log = log;
  }

  start(): void {
    this.#running = this.#loop();
  }

  /** A change has committed: look now. */
  wake(): void {
    this.#wake();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#running;
  }

  async #loop(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const pause = new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, idleMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      try {
        const sent = await this.deliverDue();
        if (sent === batch) continue;
      } catch (error) {
        // The rows stay pending; the next turn of this loop tries them again.
        if (!this.#stop.signal.aborted) this.#log.error({ err: error }, "deliveries could not be read");
      }
      await pause;
    }
  }

  /** Sends what is due, one endpoint beside the other, each in its own order. Answers how many were tried. */
  async deliverDue(): Promise<number> {
    if (this.#faults.delivery.hold) return 0;
    const due = await this.#store.read((tx) =>
      tx.query<Due>(
        `select d.seq, d.attempts, e.body as event, w.body as endpoint
         from stripe_local.deliveries d
         join stripe_local.objects e on e.id = d.event_id
         join stripe_local.objects w on w.id = d.endpoint_id
         where d.state = 'pending' and d.next_attempt_at + $1 * interval '1 millisecond' <= now()
         order by d.seq limit $2`,
        [this.#faults.delivery.delayMs, batch],
      ),
    );
    const byEndpoint = Map.groupBy(this.#faults.shuffle(due), (row) => row.endpoint.id);
    await Promise.all(
      [...byEndpoint.values()].map(async (rows) => {
        for (const row of rows) {
          if (this.#stop.signal.aborted) return;
          await this.#deliver(row);
        }
      }),
    );
    return due.length;
  }

  async #deliver(row: Due): Promise<void> {
    let status: number | null = null;
    let failure: string | null = null;
    try {
      if (this.#faults.takeDrop()) throw new Error("dropped on purpose");
      for (let copy = 0; copy < this.#faults.delivery.copies; copy += 1) status = await this.#post(row);
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    const delivered = failure === null && status !== null && status >= 200 && status < 300;
    const attempts = row.attempts + 1;
    const state = delivered ? "delivered" : attempts >= backoff.attempts ? "given_up" : "pending";
    const waitMs = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(attempts - 1, 10));
    await this.#store.read((tx) =>
      tx.query(
        `update stripe_local.deliveries set state = $2, attempts = $3, last_status = $4, last_error = $5,
         next_attempt_at = now() + $6 * interval '1 millisecond' where seq = $1 and state = 'pending'`,
        [row.seq, state, attempts, status, failure, waitMs],
      ),
    );
    if (!delivered) {
      this.#log.info(
        { event: row.event.id, type: row.event.type, status, failure, attempts },
        "webhook not taken",
      );
    }
  }

  async #post({ event, endpoint }: Due): Promise<number> {
    const { body, header } = this.#sign(event, endpoint);
    const url = endpoint.object === "webhook_endpoint" ? endpoint.url : endpoint.webhook_endpoint.url;
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json; charset=utf-8",
        "user-agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        ...(header === null ? {} : { "stripe-signature": header }),
      },
      body,
      redirect: "manual",
      signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), this.#stop.signal]),
    });
    await response.body?.cancel();
    return response.status;
  }

  #sign(event: Due["event"], endpoint: Due["endpoint"]): { body: string; header: string | null } {
    const { signature, apiVersion } = this.#faults.delivery;
    const text = JSON.stringify(wireForm(event, apiVersion), null, 2);
    const shift = { future: 86_400, old: -86_400 }[signature as string] ?? 0;
    const secrets = signature === "wrong_secret" ? ["whsec_somebody_elses"] : endpoint.local.secrets;
    const header = signatureHeader(text, secrets, wallSeconds() + shift);
    const body =
      { altered_body: `${text} `, truncated_body: text.slice(0, -20) }[signature as string] ?? text;
    return { body, header: signature === "missing" ? null : header };
  }
}

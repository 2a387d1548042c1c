/** How many bytes of requests are in memory, counted as they come: over all bots, and for each. */

const MAX_BYTES = 512 * 1024 * 1024;
/** Two requests of the largest size at once. */
const MAX_BYTES_PER_BOT = 64 * 1024 * 1024;

export class Buffered {
  #bytes = 0;
  readonly #byBot = new Map<string, number>();

  /** @returns false when there is no room for it. */
  add(botId: string, bytes: number): boolean {
    const ofBot = (this.#byBot.get(botId) ?? 0) + bytes;
    if (this.#bytes + bytes > MAX_BYTES || ofBot > MAX_BYTES_PER_BOT) return false;
    this.#bytes += bytes;
    this.#byBot.set(botId, ofBot);
    return true;
  }

  release(botId: string, bytes: number): void {
    const left = (this.#byBot.get(botId) ?? 0) - bytes;
    this.#bytes -= bytes;
    if (left > 0) this.#byBot.set(botId, left);
    else this.#byBot.delete(botId);
  }
}

/** What one request holds of it. */
export class Held {
  readonly #buffered: Buffered;
  readonly #botId: string;
  #bytes = 0;

  constructor(buffered: Buffered, botId: string) {
    this.#buffered = buffered;
    this.#botId = botId;
  }

  add(bytes: number): boolean {
    if (!this.#buffered.add(this.#botId, bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  release(): void {
    if (this.#bytes > 0) this.#buffered.release(this.#botId, this.#bytes);
    this.#bytes = 0;
  }
}

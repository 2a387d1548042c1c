/**
 * The truth log: what the provider saw and would bill, written and fsynced before the first byte of
 * an answer leaves. The measuring stick for anybody who meters this provider from outside.
 */
import { type FileHandle, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import type { Usage } from "./prompt.ts";

export interface TruthEntry {
  requestId: string;
  model: string;
  usage: Usage;
  /** SHA-256 of the body as it leaves when nothing cuts it. */
  sha256: string;
  at: string;
}

/** Entries kept for GET /__truth's answer; the file keeps all. */
const MAX_SHOWN = 100_000;

export class TruthLog {
  readonly entries: TruthEntry[] = [];
  readonly #file: FileHandle | undefined;
  #waiting: { line: string; done: () => void; failed: (error: unknown) => void }[] = [];
  #writing = false;

  private constructor(file: FileHandle | undefined) {
    this.#file = file;
  }

  /** Without a folder the log lives in memory alone. */
  static async open(folder: string | undefined): Promise<TruthLog> {
    if (folder === undefined) return new TruthLog(undefined);
    await mkdir(folder, { recursive: true });
    return new TruthLog(await open(join(folder, "truth.jsonl"), "a", 0o600));
  }

  /** Resolves when the entry is on the disk. Entries that wait together share one fsync. */
  async append(entry: TruthEntry): Promise<void> {
    this.entries.push(entry);
    if (this.entries.length > MAX_SHOWN) this.entries.shift();
    if (!this.#file) return;
    const written = new Promise<void>((done, failed) => {
      this.#waiting.push({ line: `${JSON.stringify(entry)}\n`, done, failed });
    });
    if (!this.#writing) void this.#write(this.#file);
    await written;
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  async #write(file: FileHandle): Promise<void> {
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await file.appendFile(batch.map(({ line }) => line).join(""));
        await file.datasync();
        for (const { done } of batch) done();
      } catch (error) {
        for (const { failed } of batch) failed(error);
      }
    }
    this.#writing = false;
  }
}

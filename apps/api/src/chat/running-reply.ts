/** The reply that is being written: its text so far, and the frame that brings a device up to date. */
import type { ServerFrame } from "@molt/contract";

type Delta = Extract<ServerFrame, { t: "delta" }>;

export class RunningReply {
  readonly replyTo: string;
  text = "";

  constructor(replyTo: string) {
    this.replyTo = replyTo;
  }

  /**
   * Takes the cumulative text of the bot and answers what is new: usually the tail; the whole when
   * the model began again (a retry, a resumed turn). Undefined when nothing changed.
   */
  advance(text: string): Delta | undefined {
    if (text === this.text) return undefined;
    const at = text.startsWith(this.text) ? this.text.length : 0;
    this.text = text;
    return { t: "delta", replyTo: this.replyTo, at, text: text.slice(at) };
  }

  /** From the first word, for a device that joins late. */
  whole(): Delta {
    return { t: "delta", replyTo: this.replyTo, at: 0, text: this.text };
  }
}

/** The run that a conversation follows. */
export interface ActiveRun {
  messageId: string;
  /** Its answer may come under another id: a turn that the bot resumed after a crash. */
  foreignRun: boolean;
  reply: RunningReply;
  lastHeardMs: number;
  ended: boolean;
}

/** One connected device: what it has already, what it may be sent, and when it is too slow. */
import type { ServerFrame } from "@molt/contract";
import type { WebSocket } from "ws";

/** A reader that lets this much pile up is dropped with 1013 and resumes by sequence number (F80). */
const MAX_BUFFERED_BYTES = 1024 * 1024;

export class Device {
  readonly userId: string;
  expiresAt: Date;
  #socket: WebSocket;
  /** Frames held back while the stored messages are being read; null once the device is live. */
  #waiting: ServerFrame[] | null = [];
  #lastSeq = 0;

  constructor(socket: WebSocket, user: { userId: string; expiresAt: Date }) {
    this.#socket = socket;
    this.userId = user.userId;
    this.expiresAt = user.expiresAt;
  }

  /** Sends at once, also while the device catches up. */
  send(frame: ServerFrame): void {
    this.sendText(JSON.stringify(frame));
    if (frame.t === "message") this.#lastSeq = Math.max(this.#lastSeq, frame.message.seq);
  }

  /** News for all devices of a user; `text` is the frame, serialised once for all of them. */
  push(frame: ServerFrame, text: string): void {
    if (this.#waiting) {
      this.#waiting.push(frame);
      return;
    }
    if (frame.t === "message") {
      if (frame.message.seq <= this.#lastSeq) return;
      this.#lastSeq = frame.message.seq;
    }
    this.sendText(text);
  }

  /** Ends the catching up: what happened meanwhile follows, without what was just read from the store. */
  goLive(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const frame of waiting) this.push(frame, JSON.stringify(frame));
  }

  close(code: number, reason: string): void {
    this.#socket.close(code, reason);
  }

  private sendText(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) {
      this.#socket.close(1013, "reading too slowly");
      return;
    }
    this.#socket.send(text);
  }
}

/** All connected devices, by user. */
export class Devices {
  #byUser = new Map<string, Set<Device>>();

  add(device: Device): void {
    const devices = this.#byUser.get(device.userId) ?? new Set();
    this.#byUser.set(device.userId, devices.add(device));
  }

  remove(device: Device): void {
    const devices = this.#byUser.get(device.userId);
    devices?.delete(device);
    if (devices?.size === 0) this.#byUser.delete(device.userId);
  }

  /** Serialised once, whatever the number of devices. */
  tell(userId: string, frame: ServerFrame): void {
    const devices = this.#byUser.get(userId);
    if (!devices) return;
    const text = JSON.stringify(frame);
    for (const device of devices) device.push(frame, text);
  }

  has(userId: string): boolean {
    return this.#byUser.has(userId);
  }

  close(userId: string, code: number, reason: string): void {
    for (const device of this.#byUser.get(userId) ?? []) device.close(code, reason);
  }

  users(): string[] {
    return [...this.#byUser.keys()];
  }

  all(): Device[] {
    return [...this.#byUser.values()].flatMap((devices) => [...devices]);
  }
}

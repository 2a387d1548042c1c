/**
 * The conversation as this device knows it: what is stored, what waits to be sent, and the reply that
 * runs. Pure: frames and deeds in, a new state out. Messages merge by id and stand by sequence number.
 */
import type { Activity, BotView, Message, ServerFrame } from "@molt/contract";

/** A message of mine that the api has not acknowledged. Its clientId makes sending it again harmless. */
export interface Pending {
  readonly clientId: string;
  readonly text: string;
  /** ISO time of the press. */
  readonly at: string;
  readonly state: "queued" | "sent" | "failed";
  readonly reason: string | null;
}

export interface Running {
  readonly replyTo: string;
  readonly text: string;
  readonly activity: Activity | null;
  /** ISO time of the first sign of life on this device. */
  readonly since: string;
  /** From before the socket was lost; true until the api says it still runs. */
  readonly doubtful: boolean;
}

export interface Transcript {
  readonly messages: readonly Message[];
  readonly pending: readonly Pending[];
  readonly running: Running | null;
  /** Undefined until somebody told us, null for somebody without a bot. */
  readonly bot: BotView | null | undefined;
  /** Older messages exist at the api. Undefined until known. */
  readonly hasMore: boolean | undefined;
  /** The reply to this message was stopped here: what still comes of it is dropped. */
  readonly stopped: string | null;
  /** A delta came without its beginning: the socket must begin again. */
  readonly gap: boolean;
  /** A refusal that belongs to no message. */
  readonly notice: string | null;
}

export const empty: Transcript = {
  messages: [],
  pending: [],
  running: null,
  bot: undefined,
  hasMore: undefined,
  stopped: null,
  gap: false,
  notice: null,
};

export type Deed =
  | { readonly type: "frame"; readonly frame: ServerFrame; readonly at: string }
  | { readonly type: "page"; readonly messages: readonly Message[]; readonly hasMore: boolean }
  | { readonly type: "restored"; readonly messages: readonly Message[]; readonly pending: readonly Pending[] }
  | { readonly type: "write"; readonly clientId: string; readonly text: string; readonly at: string }
  | { readonly type: "sent"; readonly clientIds: readonly string[] }
  | { readonly type: "retry"; readonly clientId: string }
  | { readonly type: "discard"; readonly clientId: string }
  | { readonly type: "lost" } // the socket is gone
  | { readonly type: "stop"; readonly messageId: string }
  | { readonly type: "bot"; readonly bot: BotView | null }
  | { readonly type: "dismiss" };

export function reduce(t: Transcript, deed: Deed): Transcript {
  switch (deed.type) {
    case "frame":
      return reduceFrame(t, deed.frame, deed.at);
    case "page":
      return { ...t, messages: merge(t.messages, deed.messages), hasMore: deed.hasMore };
    case "restored":
      return {
        ...t,
        messages: merge(t.messages, deed.messages),
        pending: [...deed.pending.map(requeue), ...t.pending],
      };
    case "write": {
      const { clientId, text, at } = deed;
      return {
        ...t,
        notice: null,
        pending: [...t.pending, { clientId, text, at, state: "queued", reason: null }],
      };
    }
    case "sent":
      return mapPending(t, (p) =>
        deed.clientIds.includes(p.clientId) && p.state === "queued" ? { ...p, state: "sent" } : p,
      );
    case "retry":
      return mapPending(t, (p) => (p.clientId === deed.clientId ? requeue(p) : p));
    case "discard":
      return { ...t, pending: t.pending.filter((p) => p.clientId !== deed.clientId) };
    case "lost":
      return mapPending(
        { ...t, running: t.running && { ...t.running, doubtful: true, activity: null } },
        (p) => (p.state === "sent" ? requeue(p) : p),
      );
    case "stop":
      return { ...t, stopped: deed.messageId, running: t.running && { ...t.running, activity: null } };
    case "bot":
      return { ...t, bot: deed.bot };
    case "dismiss":
      return { ...t, notice: null };
  }
}

const requeue = (p: Pending): Pending => ({ ...p, state: "queued", reason: null });

function mapPending(t: Transcript, change: (p: Pending) => Pending): Transcript {
  return t.pending.length === 0 ? t : { ...t, pending: t.pending.map(change) };
}

function reduceFrame(t: Transcript, frame: ServerFrame, at: string): Transcript {
  switch (frame.t) {
    case "welcome":
      return welcome(t, frame);
    case "message":
      return addMessage(t, frame.message);
    case "ack":
      return acknowledge(t, frame);
    case "state":
      return {
        ...t,
        messages: t.messages.map((m) => (m.id === frame.id ? { ...m, state: frame.state } : m)),
      };
    case "delta":
      return addDelta(t, frame, at);
    case "activity":
      return setActivity(t, frame, at);
    case "bot":
      return { ...t, bot: frame.bot };
    case "error":
      if (frame.clientId === null) return { ...t, notice: frame.message };
      return mapPending(t, (p) =>
        p.clientId === frame.clientId ? { ...p, state: "failed", reason: frame.message } : p,
      );
    case "pong":
      // The replay is over by now: a doubtful reply that nobody spoke of has ended without a word.
      return t.running?.doubtful ? { ...t, running: null } : t;
    case "reauth":
    case "budget": // money is no part of what was said: chat-client.ts keeps it
      return t;
  }
}

/** A mailbox shorter than ours is another mailbox: what we hold of the old one is not shown as this one's. */
function welcome(t: Transcript, frame: Extract<ServerFrame, { t: "welcome" }>): Transcript {
  const foreign = lastSeq(t) > frame.lastSeq;
  return {
    ...t,
    bot: frame.bot,
    gap: foreign,
    notice: null,
    ...(foreign && { messages: [], running: null, hasMore: undefined }),
  };
}

function addMessage(t: Transcript, message: Message): Transcript {
  const mine = message.clientId;
  const ended = message.role === "bot" && message.replyTo !== null && message.replyTo === t.running?.replyTo;
  return {
    ...t,
    messages: merge(answered(t.messages, message), [message]),
    pending: mine === null ? t.pending : t.pending.filter((p) => p.clientId !== mine),
    running: ended ? null : t.running,
    stopped: message.replyTo !== null && message.replyTo === t.stopped ? null : t.stopped,
  };
}

/** An answer says that its question is answered: the frame that said so may have come while nobody was here. */
function answered(messages: readonly Message[], answer: Message): readonly Message[] {
  const asked = messages.find((m) => m.id === answer.replyTo);
  if (answer.role !== "bot" || !asked || asked.state === "answered") return messages;
  return messages.map((m) => (m === asked ? { ...m, state: "answered" } : m));
}

/** The bubble becomes a message in its place, without waiting for the copy that goes to every device. */
function acknowledge(t: Transcript, ack: { clientId: string; id: string; seq: number }): Transcript {
  const p = t.pending.find((candidate) => candidate.clientId === ack.clientId);
  if (!p) return t;
  const message: Message = {
    id: ack.id,
    seq: ack.seq,
    role: "user",
    text: p.text,
    state: "queued",
    at: p.at,
    clientId: p.clientId,
    replyTo: null,
  };
  const known = t.messages.some((m) => m.id === ack.id);
  return {
    ...t,
    messages: known ? t.messages : merge(t.messages, [message]),
    pending: t.pending.filter((candidate) => candidate !== p),
  };
}

function addDelta(t: Transcript, d: { replyTo: string; at: number; text: string }, at: string): Transcript {
  if (d.replyTo === t.stopped || isAnswered(t, d.replyTo)) return t;
  const now = t.running?.replyTo === d.replyTo ? t.running : fresh(d.replyTo, at);
  if (d.at > now.text.length) return { ...t, gap: true };
  return { ...t, running: { ...now, text: now.text.slice(0, d.at) + d.text, doubtful: false } };
}

function setActivity(
  t: Transcript,
  a: { replyTo: string; activity: Activity | null },
  at: string,
): Transcript {
  if (a.replyTo === t.stopped || isAnswered(t, a.replyTo)) return t;
  const now = t.running?.replyTo === a.replyTo ? t.running : fresh(a.replyTo, at);
  return { ...t, running: { ...now, activity: a.activity, doubtful: false } };
}

const fresh = (replyTo: string, since: string): Running => ({
  replyTo,
  text: "",
  activity: null,
  since,
  doubtful: false,
});

/** A frame that was on its way while the final message overtook it must not start the reply again. */
function isAnswered(t: Transcript, replyTo: string): boolean {
  return t.messages.some((m) => m.role === "bot" && m.replyTo === replyTo);
}

/** By id, the newer copy wins; in the order of the mailbox. */
function merge(old: readonly Message[], incoming: readonly Message[]): readonly Message[] {
  const last = old.at(-1);
  const [only] = incoming;
  if (incoming.length === 1 && only && (!last || only.seq > last.seq)) return [...old, only];
  const byId = new Map(old.map((m) => [m.id, m]));
  for (const m of incoming) byId.set(m.id, m);
  return [...byId.values()].toSorted((a, b) => a.seq - b.seq);
}

function lastSeq(t: Transcript): number {
  return t.messages.at(-1)?.seq ?? 0;
}

/** What this device holds without a hole: the hello's `after`. What is beyond a hole comes again. */
export function heldSeq(t: Transcript): number {
  const [first] = t.messages;
  if (!first) return 0;
  let held = first.seq;
  for (const m of t.messages) {
    if (m.seq > held + 1) break;
    held = m.seq;
  }
  return held;
}

/** What to write to a socket that has just become live, or now, oldest first. */
export function toSend(t: Transcript): readonly Pending[] {
  return t.pending.filter((p) => p.state === "queued");
}

/** The message the bot works on or will work on next, if any. */
export function awaiting(t: Transcript): Message | null {
  return (
    t.messages.findLast((m) => m.role === "user" && (m.state === "queued" || m.state === "delivered")) ?? null
  );
}

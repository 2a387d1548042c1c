/**
 * What a recording of WS /chat looks like at one moment. Pure: the same moment always gives the
 * same picture, so that the demo can be dragged back and forth and rendered without JavaScript.
 */
import type { Activity, BrainNode, Message, ServerFrame } from "@molt/contract";

export interface Recording {
  source: { recordedFrom: string; recordedAt: string; model: string };
  /** `t` in ms since the recording began, rising. */
  frames: { t: number; frame: ServerFrame }[];
}

export interface Moment {
  messages: Message[];
  /** The reply being written, null when none is. */
  running: { replyTo: string; text: string } | null;
  activity: Activity | null;
  /** ms since the last word of a reply, and since the last message of the user. */
  sinceWord: number;
  sinceQuestion: number;
}

/** Quiet after the last frame, so that the last picture is one at rest. */
const TAIL_MS = 600;

export function durationOf(recording: Recording): number {
  return (recording.frames.at(-1)?.t ?? 0) + TAIL_MS;
}

export function momentAt(recording: Recording, ms: number): Moment {
  const moment: Moment = {
    messages: [],
    running: null,
    activity: null,
    sinceWord: Number.POSITIVE_INFINITY,
    sinceQuestion: Number.POSITIVE_INFINITY,
  };
  for (const { t, frame } of recording.frames) {
    if (t > ms) break;
    apply(moment, frame, ms - t);
  }
  return moment;
}

function apply(moment: Moment, frame: ServerFrame, age: number): void {
  if (frame.t === "message") {
    moment.messages = [...moment.messages.filter((known) => known.id !== frame.message.id), frame.message];
    if (frame.message.role === "user") moment.sinceQuestion = age;
    else moment.running = null;
  }
  if (frame.t === "delta") {
    const before = moment.running?.replyTo === frame.replyTo ? moment.running.text.slice(0, frame.at) : "";
    moment.running = { replyTo: frame.replyTo, text: before + frame.text };
    moment.sinceWord = age;
  }
  if (frame.t === "activity") moment.activity = frame.activity;
}

/** Words and questions light their nodes up this long, in ms of the recording. */
const AFTERGLOW_MS = 160;

/** The nodes at work: context lights the memories, thinking the self, a command its tool, words the conversation. */
export function busyNodes(moment: Moment, nodes: readonly BrainNode[]): Set<string> {
  const busy = new Set<string>();
  const light = (kind: BrainNode["kind"], limit = Number.POSITIVE_INFINITY) =>
    nodes
      .filter((node) => node.kind === kind)
      .slice(0, limit)
      .forEach((node) => busy.add(node.id));
  if (moment.sinceQuestion < AFTERGLOW_MS) light("conversation", 1);
  if (moment.sinceWord < AFTERGLOW_MS) {
    light("conversation", 1);
    light("self");
  }
  const { activity } = moment;
  if (!activity) return busy;
  light("self");
  if (activity.kind === "tool") {
    const named = nodes.find(
      (node) => node.kind === "tool" && `${activity.label} ${activity.detail ?? ""}`.includes(node.label),
    );
    if (named) busy.add(named.id);
    else light("tool", 1);
  }
  if (activity.kind === "status" && moment.sinceWord >= AFTERGLOW_MS) light("memory");
  return busy;
}

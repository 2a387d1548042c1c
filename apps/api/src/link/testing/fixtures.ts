/** Frames recorded from a running gateway (openclaw.md), with our conversation's key in the place of the recorded one. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { MAIN_CHAT } from "../run-events.ts";

const line = z.object({
  dir: z.enum(["in", "out", "close"]),
  frame: z
    .object({
      type: z.string(),
      event: z.string().optional(),
      payload: z.unknown().optional(),
      params: z.unknown().optional(),
      method: z.string().optional(),
    })
    .optional(),
});

export interface RecordedEvent {
  name: string;
  payload: unknown;
}

function read(name: string): string {
  return readFileSync(new URL(`../fixtures/${name}`, import.meta.url), "utf8").replaceAll(
    /agent:main:web-\d/g,
    MAIN_CHAT,
  );
}

/** The events of a recording in order; `runIds` are the idempotency keys of the messages sent in it. */
export function recording(name: string): { events: RecordedEvent[]; runIds: string[] } {
  const lines = read(`${name}.jsonl`)
    .trim()
    .split("\n")
    .map((text) => line.parse(JSON.parse(text)));
  const events = lines.flatMap(({ dir, frame }) =>
    dir === "in" && frame?.event !== undefined ? [{ name: frame.event, payload: frame.payload }] : [],
  );
  const sent = z.object({ idempotencyKey: z.string() });
  const runIds = lines.flatMap(({ frame }) => sent.safeParse(frame?.params).data?.idempotencyKey ?? []);
  return { events, runIds };
}

export function answer(name: string): unknown {
  return z.object({ payload: z.unknown().optional() }).parse(JSON.parse(read(`${name}.json`))).payload;
}

/** The payload of a recorded `hello-ok`, as an object to change. */
export function helloPayload(): Record<string, unknown> {
  return z.record(z.string(), z.unknown()).parse(answer("hello-ok"));
}

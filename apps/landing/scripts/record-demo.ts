/**
 * Records the demo of the home page anew from a running product: a conversation over WS /chat and the
 * mind behind it. The access token of a signed-in user with a bot comes on stdin, never as an argument:
 *
 *   node apps/landing/scripts/record-demo.ts http://127.0.0.1:4702 "scripted" "Hello!" "What is in your folder?" < token
 *
 * The second argument says which model spoke; the page repeats it. Every frame is kept with its time.
 * demo/README.md says which recording is in use, and why.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { getBrain, type ServerFrame, serverFrame } from "@molt/contract";
import type { Recording } from "../lib/player.ts";

/** Waking from cold takes about 12 s, an answer with tools rarely more than a minute. */
const ANSWER_MS = 120_000;
/** Between an answer and the next question, so that the eye can follow. */
const PAUSE_MS = 900;

const [apiUrl, model, ...questions] = process.argv.slice(2);
if (!apiUrl || !model || questions.length === 0) {
  throw new Error('expected: record-demo.ts <api address> <model> "<question>" …, and the token on stdin');
}
const token = (await text(process.stdin)).trim();
const folder = path.join(import.meta.dirname, "../demo");

const { frames, lastSeq, ask, close } = await connect(apiUrl, token);
for (const question of questions) await ask(question);
close();
const recording: Recording = {
  source: { recordedFrom: "Molt-OS", recordedAt: new Date().toISOString().slice(0, 10), model },
  frames: tidy(frames, lastSeq),
};
await write("conversation.json", recording);
const response = await fetch(`${apiUrl}${getBrain.path}`, {
  headers: { authorization: `Bearer ${token}` },
  signal: AbortSignal.timeout(30_000),
});
const { brain } = getBrain.output.parse(await response.json());
if (!brain) throw new Error("the bot has no picture of its mind yet; try again in a minute");
await write("brain.json", brain);

type Timed = Recording["frames"][number];

async function connect(url: string, accessToken: string) {
  const socket = new WebSocket(`${url.replace(/^http/, "ws")}/chat`);
  const kept: Timed[] = [];
  const began = performance.now();
  const waiting = new Set<(frame: ServerFrame) => void>();
  socket.addEventListener("message", ({ data }) => {
    const frame = serverFrame.parse(JSON.parse(String(data)));
    kept.push({ t: Math.round(performance.now() - began), frame });
    for (const hear of waiting) hear(frame);
  });
  const until = (wanted: (frame: ServerFrame) => boolean) =>
    new Promise<ServerFrame>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("the bot did not answer in time")), ANSWER_MS);
      const hear = (frame: ServerFrame) => {
        if (frame.t === "error") reject(new Error(frame.message));
        if (!wanted(frame)) return;
        clearTimeout(timer);
        waiting.delete(hear);
        resolve(frame);
      };
      waiting.add(hear);
    });
  await new Promise((resolve, reject) => {
    socket.addEventListener("open", resolve);
    socket.addEventListener("error", () => reject(new Error(`${url} cannot be reached`)));
  });
  const welcome = until(({ t }) => t === "welcome");
  socket.send(JSON.stringify({ t: "hello", token: accessToken, after: 0 }));
  const first = await welcome;
  return {
    frames: kept,
    lastSeq: first.t === "welcome" ? first.lastSeq : 0,
    close: () => socket.close(),
    async ask(question: string) {
      const answered = until((frame) => frame.t === "message" && frame.message.role === "bot");
      socket.send(JSON.stringify({ t: "send", clientId: crypto.randomUUID(), text: question }));
      await answered;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    },
  };
}

/** Only what belongs to this conversation, beginning at 0. What was said before is nobody's business. */
function tidy(all: Timed[], lastSeqBefore: number): Timed[] {
  const shown = all.filter(({ frame }) => {
    if (frame.t === "message") return frame.message.seq > lastSeqBefore;
    return frame.t === "delta" || frame.t === "activity" || frame.t === "state" || frame.t === "bot";
  });
  const start = shown.find(({ frame }) => frame.t === "message")?.t ?? 0;
  return shown.filter(({ t }) => t >= start).map(({ t, frame }) => ({ t: t - start, frame }));
}

async function write(name: string, content: unknown): Promise<void> {
  await writeFile(path.join(folder, name), `${JSON.stringify(content, null, 1)}\n`);
  process.stdout.write(`${name} was recorded\n`);
}

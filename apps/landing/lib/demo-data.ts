/** The recorded conversation and mind in demo/ (scripts/record-demo.ts makes new ones), checked against the contract at build. */
import { brain as brainShape, type Brain, serverFrame } from "@molt/contract";
import { z } from "zod";
import brainJson from "../demo/brain.json" with { type: "json" };
import conversationJson from "../demo/conversation.json" with { type: "json" };
import type { Recording } from "./player.ts";

const recordingShape = z.object({
  source: z.object({ recordedFrom: z.string(), recordedAt: z.iso.date(), model: z.string() }),
  frames: z.array(z.object({ t: z.number().nonnegative(), frame: serverFrame })).min(1),
});

/** @throws {z.ZodError} when a recording does not speak the contract's frames. */
export function readDemo(): { recording: Recording; brain: Brain } {
  return { recording: recordingShape.parse(conversationJson), brain: brainShape.parse(brainJson) };
}

/** Requests to a model as a real bot made them (fixtures/openclaw-calls.json). */
import { readFile } from "node:fs/promises";
import { z } from "zod";

const fixture = z.object({
  calls: z.array(
    z.object({
      what: z.string(),
      api: z.enum(["anthropic-messages", "openai-completions"]),
      body: z.looseObject({ messages: z.array(z.unknown()) }),
    }),
  ),
});

export async function openclawCalls() {
  const file = new URL("../fixtures/openclaw-calls.json", import.meta.url);
  return fixture.parse(JSON.parse(await readFile(file, "utf8"))).calls;
}

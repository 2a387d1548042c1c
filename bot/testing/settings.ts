import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

/** A complete environment of a machine, as the platform passes it. */
export const goodEnv: Readonly<Record<string, string>> = {
  MOLT_BOT_ID: "5f0f6f6e-6d0b-4a43-9f5f-1d6d6a1c0b11",
  MOLT_GATEWAY_TOKEN: "gateway-token-of-this-bot-0001",
  MOLT_MODEL_KEY: "molt-bot-key-of-this-bot-0001",
  MOLT_MODEL_URL: "http://127.0.0.1:4708",
  MOLT_MODEL: JSON.stringify({
    id: "molt-1",
    name: "Molt",
    api: "anthropic-messages",
    contextWindow: 200_000,
    maxTokens: 8_192,
    input: ["text", "image"],
    reasoning: true,
    cost: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 },
  }),
};

/** A folder of this test alone, gone with it. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), "molt-bot-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

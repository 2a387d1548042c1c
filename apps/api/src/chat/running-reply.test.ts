import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RunningReply } from "./running-reply.ts";

test("a device that applies the deltas always holds the bot's text, also when it begins again", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (texts) => {
      const reply = new RunningReply("id");
      let held = "";
      for (const text of texts) {
        const delta = reply.advance(text);
        if (delta) held = held.slice(0, delta.at) + delta.text;
        assert.equal(held, text === "" && !delta ? held : text);
      }
    }),
  );
});

test("only what is new goes out, and nothing when nothing is", () => {
  const reply = new RunningReply("id");
  assert.deepEqual(reply.advance("Hello"), { t: "delta", replyTo: "id", at: 0, text: "Hello" });
  assert.deepEqual(reply.advance("Hello there"), { t: "delta", replyTo: "id", at: 5, text: " there" });
  assert.equal(reply.advance("Hello there"), undefined);
  assert.deepEqual(reply.advance("Good"), { t: "delta", replyTo: "id", at: 0, text: "Good" });
  assert.deepEqual(reply.whole(), { t: "delta", replyTo: "id", at: 0, text: "Good" });
});

/** The breaker's rule against loops: on requests of a real bot, and in the proxy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { manualClock } from "../testing/deps.ts";
import { fingerprint, LoopGuard, MAX_SAME_CALLS, SAME_WINDOW_MS } from "./breaker-loop.ts";
import { CallRefused, refusals } from "./refusals.ts";
import { resumeSpending } from "./resume-spending.ts";
import { openclawCalls } from "./testing/openclaw-calls.ts";
import { testProxy, type TestProxy } from "./testing/proxy.ts";

const bytes = (body: unknown) => Buffer.from(JSON.stringify(body));

for (const api of ["anthropic-messages", "openai-completions"] as const) {
  test(`a real bot that calls the same tool again and again asks the same each time (${api})`, async () => {
    const calls = (await openclawCalls()).filter((call) => call.what === "tool loop" && call.api === api);
    const [first, ...loop] = calls.map(({ body }) => fingerprint(api, bytes(body)));
    assert.equal(loop.length, 4);
    assert.equal(new Set(loop).size, 1, loop.join(" "));
    assert.notEqual(first, loop[0], "the question itself is something else");
  });

  test(`another argument or another result is another request (${api})`, async () => {
    const call = (await openclawCalls()).findLast((one) => one.what === "tool loop" && one.api === api);
    const text = JSON.stringify(call?.body);
    const last = (from: string, to: string) => {
      const at = text.lastIndexOf(from);
      assert.ok(at > 0);
      return Buffer.from(text.slice(0, at) + to + text.slice(at + from.length));
    };
    const print = fingerprint(api, Buffer.from(text));
    assert.notEqual(fingerprint(api, last("echo hi", "echo ho")), print);
    assert.notEqual(fingerprint(api, last('"content":"hi"', '"content":"ho"')), print);
  });
}

test("the same loop in OpenAI's Responses format is one request", () => {
  const turn = (id: string, output = "hi") => [
    { type: "reasoning", id: `rs_${id}`, encrypted_content: id },
    {
      type: "function_call",
      id: `fc_${id}`,
      call_id: `call_${id}`,
      name: "exec",
      arguments: '{"command":"x"}',
    },
    { type: "function_call_output", call_id: `call_${id}`, output },
  ];
  const print = (input: unknown[]) =>
    fingerprint("openai-responses", bytes({ model: "m", input, tools: [] }));
  const ask = { role: "user", content: "go" };
  assert.equal(
    print([ask, ...turn("1"), ...turn("2")]),
    print([ask, ...turn("1"), ...turn("2"), ...turn("3")]),
  );
  assert.notEqual(print([ask, ...turn("1"), ...turn("2")]), print([ask, ...turn("1"), ...turn("2", "ho")]));
});

test("a long result that grows, and many questions behind one long prompt, are different requests", () => {
  const polled = (log: string) =>
    bytes({
      model: "m",
      messages: [
        { role: "user", content: "watch the log" },
        {
          role: "assistant",
          content: [{ type: "tool_use", id: "toolu_1", name: "exec", input: { command: "cat log" } }],
        },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: log }] },
      ],
      system: "rules",
    });
  const line = "one more line of the log\n";
  const logs = Array.from({ length: 31 }, (_, at) =>
    fingerprint("anthropic-messages", polled(line.repeat(500 + at))),
  );
  assert.equal(new Set(logs).size, 31);
  const asked = (question: string) =>
    bytes({
      model: "m",
      messages: [
        { role: "system", content: "rule ".repeat(2_000) },
        { role: "user", content: question },
      ],
    });
  const questions = Array.from({ length: 31 }, (_, at) =>
    fingerprint("openai-completions", asked(`question ${at + 10}`)),
  );
  assert.equal(new Set(questions).size, 31);
});

test("a conversation that goes on is never the same request, though an old tool call stands in it", () => {
  const call = [
    { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "exec", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "hi" }] },
  ];
  const messages: unknown[] = [{ role: "user", content: "go" }, ...call];
  const prints = Array.from({ length: 5 }, () => {
    messages.push({ role: "assistant", content: "Done." }, { role: "user", content: "continue" });
    return fingerprint("anthropic-messages", bytes({ model: "m", messages }));
  });
  assert.equal(new Set(prints).size, 5);
});

test("the last words of the model are found wherever they lie, also across a window's edge", () => {
  const tool = { type: "tool_use", id: "t1", name: "exec", input: { command: "x" } };
  const ask = (result: string, behind: number) =>
    bytes({
      messages: [
        { role: "user", content: "go" },
        { role: "assistant", content: [tool] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: result }] },
      ],
      system: "s".repeat(behind),
    });
  for (let behind = 16_000; behind < 16_500; behind += 1) {
    const print = fingerprint("anthropic-messages", ask("hi", behind));
    assert.match(print, /^tool:/, `${behind} bytes behind`);
    assert.notEqual(print, fingerprint("anthropic-messages", ask("ho", behind)));
  }
});

test("any bytes have a print", () => {
  for (const text of ["", "{}", '"role":"assistant"', '"tool_use"'.repeat(9_000)])
    assert.match(fingerprint("anthropic-messages", Buffer.from(text)), /^(\d+|tool):\d+$/);
});

function guard() {
  const clock = manualClock();
  const tripped: string[] = [];
  const trip = (botId: string) => {
    tripped.push(botId);
    return Promise.reject(new CallRefused(refusals.notFound));
  };
  const loops = new LoopGuard(clock, { max: MAX_SAME_CALLS, trip });
  /** @param who "bot/print" */
  const ask = async (who: string, times: number, call = () => Promise.resolve()) => {
    const [botId = "", print = ""] = who.split("/");
    for (let at = 0; at < times; at += 1) await loops.watch(botId, print, call).catch(() => undefined);
  };
  return { clock, tripped, loops, ask };
}

test("honest retries pass, the first call too many trips, and then the count begins anew", async () => {
  const { tripped, ask } = guard();
  await ask("a/x", MAX_SAME_CALLS);
  await ask("b/x", 5);
  assert.deepEqual(tripped, []);
  await ask("a/x", 1);
  assert.deepEqual(tripped, ["a"]);
  await ask("a/x", MAX_SAME_CALLS);
  assert.deepEqual(tripped, ["a"]);
});

test("a loop is seen although other calls come between, and slow repetition is none", async () => {
  const { clock, tripped, ask } = guard();
  for (let at = 0; at < MAX_SAME_CALLS; at += 1) {
    await ask("a/x", 1);
    await ask(`a/other ${at % 3}`, 1);
    await ask("b/x", 1);
    clock.advance(SAME_WINDOW_MS / MAX_SAME_CALLS);
  }
  await ask("b/x", 1);
  assert.deepEqual(tripped, [], "the window is over");
  for (let at = 0; at <= MAX_SAME_CALLS; at += 1) {
    await ask("a/x", 1);
    await ask(`a/other ${at % 3}`, 1);
  }
  assert.deepEqual(tripped, ["a"]);
});

test("calls that are refused gather no evidence", async () => {
  const { tripped, ask } = guard();
  await ask("a/x", 200, () => Promise.reject(new CallRefused(refusals.tooMany)));
  assert.deepEqual(tripped, []);
});

test("calls side by side are no loop", async () => {
  const { tripped, loops } = guard();
  await Promise.all(Array.from({ length: 50 }, () => loops.watch("a", "x", () => Promise.resolve())));
  assert.deepEqual(tripped, []);
});

test("the memory of many bots is bounded", async () => {
  const { loops, ask } = guard();
  for (let bot = 0; bot < 12_000; bot += 1) await ask(`${bot}/x`, 1);
  assert.equal(loops.remembered, 10_000);
});

const loopCall = (proxy: TestProxy, round: number) => {
  const tool = { type: "tool_use", id: `toolu_${round}`, name: "exec", input: { command: "echo hi" } };
  const result = { type: "tool_result", tool_use_id: `toolu_${round}`, content: "hi" };
  const grown = Array.from({ length: round }, () => ({ role: "user", content: "earlier" }));
  const exchange = [
    { role: "assistant", content: [tool] },
    { role: "user", content: [result] },
  ];
  const body = { model: "claude-sonnet-5", max_tokens: 50, messages: [...grown, ...exchange] };
  return proxy.call("/v1/messages", body);
};

test("a bot in a loop is stopped in the proxy, told why, and goes on after one tap", async (t) => {
  const limits = { concurrent: 100, perMinute: 1_000, sameCalls: MAX_SAME_CALLS };
  const proxy = await testProxy(t, { limits });
  for (let round = 0; round < MAX_SAME_CALLS; round += 1)
    assert.equal((await loopCall(proxy, round)).status, 200);
  const refused = await loopCall(proxy, 99);
  assert.equal(refused.status, 402);
  assert.match(refused.text, /Usage limit reached: .*same thing again and again.*Open the app/);
  const again = await proxy.call("/v1/messages", { model: "claude-sonnet-5", max_tokens: 5, messages: [] });
  assert.deepEqual([again.status, again.text.includes("again and again")], [402, true], "whatever it asks");
  assert.equal((await proxy.truth()).length, MAX_SAME_CALLS);
  const { rows } = await sql`select b.held_reason, m.template from app.model_budgets b, app.mails m`.execute(
    proxy.deps.db,
  );
  assert.deepEqual(rows, [{ held_reason: "loop", template: "spending-held" }]);
  await resumeSpending(proxy.deps, proxy.bot.userId);
  for (let round = 0; round < 3; round += 1) assert.equal((await loopCall(proxy, round)).status, 200);
});

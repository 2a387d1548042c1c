import assert from "node:assert/strict";
import { test } from "node:test";
import { isAboutOurAccount } from "./redact.ts";

const anthropic = (type: string, message: string) =>
  JSON.stringify({ type: "error", error: { type, message } });
const openai = (code: string | null, type: string, message = "text") =>
  JSON.stringify({ error: { message, type, param: null, code } });

for (const { name, status, body } of [
  { name: "a key that is no good, in whatever words", status: 401, body: "<html>" },
  { name: "an account without money, in whatever words", status: 402, body: "{}" },
  { name: "Anthropic's billing error", status: 400, body: anthropic("billing_error", "text") },
  {
    name: "Anthropic's empty account",
    status: 400,
    body: anthropic(
      "invalid_request_error",
      "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
    ),
  },
  { name: "OpenAI's empty account, by its code", status: 429, body: openai("insufficient_quota", "x") },
  { name: "OpenAI's empty account, by its type", status: 429, body: openai(null, "insufficient_quota") },
  {
    name: "OpenAI's empty account, by its sentence",
    status: 429,
    body: "You exceeded your current quota, please check your plan and billing details.",
  },
  { name: "OpenAI's hard limit", status: 400, body: openai("billing_hard_limit_reached", "x") },
  { name: "a closed account", status: 500, body: openai("account_deactivated", "x") },
])
  test(`F91 the operator hears of ${name}`, () => assert.equal(isAboutOurAccount(status, body), true));

const bad = "invalid_request_error";
for (const { name, status, body } of [
  {
    name: "the name of a tool",
    status: 400,
    body: anthropic(bad, "tools.0.name: 'billing report' does not match pattern"),
  },
  {
    name: "a known sentence inside another",
    status: 400,
    body: anthropic(bad, "messages.0: 'Your credit balance is too low to access the Anthropic API' is not"),
  },
  {
    name: "a known type inside the message",
    status: 400,
    body: anthropic(bad, '{"type":"billing_error","code":"insufficient_quota"}'),
  },
  {
    name: "a known sentence under another status",
    status: 404,
    body: openai("model_not_found", bad, "You exceeded your current quota, please check your plan"),
  },
  {
    name: "the words beside the error",
    status: 422,
    body: '{"detail":[{"input":{"error":{"type":"billing_error"}}}],"type":"billing_error"}',
  },
  { name: "a limit of requests", status: 429, body: openai("rate_limit_exceeded", "tokens", "billing") },
  { name: "a page that is no JSON", status: 500, body: "payment required: insufficient_quota, billing" },
  { name: "an error that is null", status: 400, body: '{"error":null}' },
  { name: "a body that is null", status: 400, body: "null" },
])
  test(`F91 the bot hears of its own mistake, though it speaks of accounts in ${name}`, () =>
    assert.equal(isAboutOurAccount(status, body), false));

import assert from "node:assert/strict";
import { test } from "node:test";
import { readConfig } from "../../apps/api/src/config.ts";
import {
  apiEnvironment,
  modelsEnvironment,
  planServices,
  portsFrom,
  standInEnvironment,
} from "./environment.ts";

const secrets = {
  masterKey: Buffer.alloc(32, 1).toString("base64"),
  publishableKey: "sb_publishable_x",
  authSecretKey: "sb_secret_x",
  authHookSecret: `v1,whsec_${Buffer.alloc(32, 3).toString("base64")}`,
  stripeSecretKey: "sk_test_x",
  stripeWebhookSecret: "whsec_x",
  flyToken: "fly-x",
  demoModelKey: "demo-x",
};
const options = { ports: portsFrom(4700), dataDir: "/tmp/molt", secrets };
const database = "postgres://postgres:x@127.0.0.1:4709/molt";

test("an empty environment gives the api everything it needs", () => {
  const plan = planServices({}, options);
  assert.ok(Object.values(plan.standIns).every(Boolean));
  const config = readConfig(apiEnvironment({}, plan, database));
  assert.equal(config.fly.url, "http://127.0.0.1:4706");
  assert.equal(config.models.botModel.id, "molt-demo-1");
});

test("provider keys reach the model proxy and no other process", () => {
  const env = { ANTHROPIC_API_KEY: "sk-ant-canary", PATH: "/bin" };
  const plan = planServices(env, options);
  assert.equal(plan.standIns.models, false);
  const api = apiEnvironment(env, plan, database);
  const others = [api, ...Object.values(standInEnvironment(env, plan, database))];
  for (const given of others) assert.ok(!JSON.stringify(given).includes("canary"));
  assert.equal(modelsEnvironment(env, plan, api)["ANTHROPIC_API_KEY"], "sk-ant-canary");
});

test("a service of the environment replaces its stand-in, and a half-set one stops the start", () => {
  const real = { STRIPE_SECRET_KEY: "sk_live_1", STRIPE_WEBHOOK_SECRET: "whsec_1" };
  const plan = planServices(real, options);
  assert.equal(plan.standIns.billing, false);
  const config = readConfig(apiEnvironment(real, plan, database));
  assert.deepEqual([config.stripe.url, config.stripe.secretKey], ["https://api.stripe.com", "sk_live_1"]);
  assert.throws(() => planServices({ SMTP_URL: "smtp://mail.example" }, options), {
    name: "ConfigError",
    message: /MAIL_FROM/,
  });
});

test("the master key of the environment comes before the one of the data folder", () => {
  const key = Buffer.alloc(32, 2).toString("base64");
  const plan = planServices({}, options);
  assert.equal(apiEnvironment({ MOLT_MASTER_KEY: key }, plan, database)["MOLT_MASTER_KEY"], key);
});

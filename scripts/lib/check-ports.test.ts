import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { checkPorts, readPortBase } from "./check-ports.ts";
import { planServices, portsFrom } from "./environment.ts";
import { freeBlock } from "./ports.ts";

const secrets = {
  masterKey: "",
  publishableKey: "",
  authSecretKey: "",
  authHookSecret: "",
  stripeSecretKey: "",
  stripeWebhookSecret: "",
  flyToken: "",
  demoModelKey: "",
};

test("a port that another program holds stops the start with its number and what to do", async (t) => {
  const base = await freeBlock();
  const plan = planServices({}, { ports: portsFrom(base), dataDir: "/tmp/none", secrets });
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(plan.ports.mail, "127.0.0.1", resolve));
  t.after(() => other.close());
  await assert.rejects(checkPorts({ ...plan, ports: { ...plan.ports } }), {
    name: "StartError",
    message: new RegExp(`Port \\d+ \\(\\w+\\) is taken by another program.*MOLT_PORT_BASE`),
  });
});

test("the port of a service that is somebody else's is not asked for", async (t) => {
  const base = await freeBlock();
  const env = { SMTP_URL: "smtp://mail.example", MAIL_FROM: "a@b.example" };
  const plan = planServices(env, { ports: portsFrom(base), dataDir: "/tmp/none", secrets });
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(plan.ports.mail, "127.0.0.1", resolve));
  t.after(() => other.close());
  await checkPorts(plan);
});

for (const given of ["eighty", "80", "40000", "4700.5"]) {
  test(`MOLT_PORT_BASE=${given} is refused with a sentence`, () => {
    assert.throws(() => readPortBase({ MOLT_PORT_BASE: given }), {
      name: "StartError",
      message: /from 1024 to 30000/,
    });
  });
}

import assert from "node:assert/strict";
import { test } from "node:test";
import { makeCatalog, openSession, type StandIn, startStandIn, subscribe } from "./testing/stand-in.ts";

const features = {
  payment_method_update: { enabled: true },
  invoice_history: { enabled: true },
  subscription_cancel: { enabled: true, mode: "at_period_end" as const },
};

async function openPortal(standIn: StandIn, customer: string): Promise<string> {
  await standIn.stripe.billingPortal.configurations.create({ features });
  const { url } = await standIn.stripe.billingPortal.sessions.create({
    customer,
    return_url: "http://127.0.0.1:9/settings",
  });
  return url;
}

const post = (url: string, fields: Record<string, string>) =>
  fetch(url, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
const text = async (url: string) => (await fetch(url)).text();

test("the checkout page says what is bought, what it costs, and that no money moves", async (t) => {
  const standIn = await startStandIn(t);
  const catalog = await makeCatalog(standIn.stripe);
  const customer = await standIn.stripe.customers.create({ email: "ada@example.com" });
  const session = await openSession(standIn.stripe, catalog, customer.id);
  const page = await fetch(session.url ?? "");
  const body = await page.text();
  for (const words of [
    "no money moves",
    "Molt-OS",
    "$50.00",
    "Model usage",
    "$1.20 per million micro-dollars",
    "ada@example.com",
  ]) {
    assert.ok(body.includes(words), words);
  }
  assert.match(body, /<button class="primary" type="submit">\s*Pay \$50\.00\s*<\/button>/);
  assert.ok(body.includes("http://127.0.0.1:9/subscribe?cancelled=1"));
  assert.doesNotMatch(body, /<script|src=|@import|url\((?!\/fonts\/)/);
  assert.equal((await fetch(`${standIn.url}/fonts/figtree.woff2`)).headers.get("content-type"), "font/woff2");
  const policy = page.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'; style-src 'sha256-/);
  assert.match(policy, /form-action 'self' http:\/\/127\.0\.0\.1:9$/);
});

test("names from outside are shown as text", async (t) => {
  const standIn = await startStandIn(t);
  const product = await standIn.stripe.products.create({ name: `<img src=x onerror="alert(1)">'&` });
  const price = await standIn.stripe.prices.create({
    product: product.id,
    currency: "usd",
    unit_amount: 100,
    recurring: { interval: "month" },
  });
  const session = await standIn.stripe.checkout.sessions.create({
    mode: "subscription",
    line_items: [{ price: price.id, quantity: 1 }],
    success_url: `http://127.0.0.1:9/"><script>`,
  });
  const body = await text(session.url ?? "");
  assert.doesNotMatch(body, /<img|<script/);
  assert.ok(body.includes("&lt;img src=x onerror=&quot;alert(1)&quot;&gt;&#39;&amp;"));
});

test("a link to nothing is a page, not JSON", async (t) => {
  const { url } = await startStandIn(t);
  for (const path of ["/c/pay/cs_test_nobody", "/p/session/bps_nobody", "/i/in_nobody"]) {
    const page = await fetch(`${url}${path}`);
    assert.deepEqual([page.status, page.headers.get("content-type")], [404, "text/html; charset=utf-8"]);
  }
});

test("the portal cancels, takes it back and stores a card", async (t) => {
  const standIn = await startStandIn(t);
  const { customer, subscription } = await subscribe(standIn);
  const portal = await openPortal(standIn, customer.id);
  assert.match(await text(portal), /Cancel at the end of the period/);
  assert.match(
    (await post(`${portal}/cancel`, { subscription })).headers.get("location") ?? "",
    /done=cancelled/,
  );
  assert.equal((await standIn.stripe.subscriptions.retrieve(subscription)).cancel_at_period_end, true);
  assert.match(await text(portal), /Keep my plan/);
  await post(`${portal}/reactivate`, { subscription });
  assert.equal((await standIn.stripe.subscriptions.retrieve(subscription)).cancel_at_period_end, false);
  await post(`${portal}/card`, { way: "declined" });
  assert.match(await text(portal), /•••• 0002/);
});

test("the portal touches nobody else's plan or invoice", async (t) => {
  const standIn = await startStandIn(t);
  const { subscription, invoice } = await subscribe(standIn);
  const other = await standIn.stripe.customers.create({ email: "eve@example.com" });
  const portal = await openPortal(standIn, other.id);
  assert.equal((await post(`${portal}/cancel`, { subscription })).status, 400);
  assert.equal((await post(`${portal}/pay`, { invoice })).status, 400);
  assert.equal((await post(`${portal}/drop`, {})).status, 400);
  assert.equal((await standIn.stripe.subscriptions.retrieve(subscription)).cancel_at_period_end, false);
});

test("a portal offers what its configuration allows, and its link dies after an hour", async (t) => {
  const standIn = await startStandIn(t);
  const { customer, subscription } = await subscribe(standIn);
  const { id } = await standIn.stripe.billingPortal.configurations.create({
    features: { invoice_history: { enabled: true } },
  });
  const { url } = await standIn.stripe.billingPortal.sessions.create({
    customer: customer.id,
    configuration: id,
  });
  assert.doesNotMatch(await text(url), /Cancel plan|Update card/);
  assert.equal((await post(`${url}/cancel`, { subscription })).status, 400);
  await standIn.control("clock", { advanceSeconds: 3601 });
  assert.equal((await fetch(url)).status, 410);
});

test("a portal without any configuration is refused, as at Stripe", async (t) => {
  const { stripe } = await startStandIn(t);
  const customer = await stripe.customers.create({ email: "a@example.com" });
  await assert.rejects(stripe.billingPortal.sessions.create({ customer: customer.id }), {
    param: "configuration",
  });
  await assert.rejects(
    stripe.billingPortal.configurations.create({ features: { subscription_pause: { enabled: true } } }),
    {
      param: "features",
    },
  );
});

test("the invoice page shows the lines and the sum", async (t) => {
  const standIn = await startStandIn(t);
  const { invoice } = await subscribe(standIn);
  const { hosted_invoice_url: url } = await standIn.stripe.invoices.retrieve(invoice);
  const body = await text(url ?? "");
  assert.match(body, /1 × Molt-OS \(at \$50\.00 \/ month\)/);
  assert.match(body, /Paid/);
});

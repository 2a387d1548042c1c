/** `/c/pay/:id`: where `session.url` leads. */
import type { FastifyInstance, FastifyReply } from "fastify";
import { actNow } from "../cycle/due.ts";
import { isMetered, money } from "../cycle/lines.ts";
import { paySession } from "../cycle/pay-session.ts";
import { parseForm } from "../form.ts";
import { sessionLines } from "../objects/session-lines.ts";
import type { Act } from "../act.ts";
import { lineAmount } from "../decimal.ts";
import type { Price, Product, Session } from "../types.ts";
import { checkoutWays, radios } from "./cards.ts";
import { html, type Html } from "./html.ts";
import { message, sendPage } from "./layout.ts";
import type { PageDeps } from "./pages.ts";

interface Line {
  name: string;
  detail: string;
  today: string;
}

async function describe(act: Act, session: Session): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { price, amount_total: amount, description } of await sessionLines(act, session)) {
    const product = await act.tx.need("product", price.product);
    const each = isMetered(price)
      ? `Metered: ${unitPrice(price, product)}, billed after each ${price.recurring.interval}`
      : `${money(price.unit_amount_decimal, price.currency)} every ${price.recurring.interval}`;
    lines.push({
      name: description,
      detail: product.description === null ? each : `${product.description} ${each}.`,
      today: isMetered(price) ? "as used" : money(amount, price.currency),
    });
  }
  return lines;
}

const million = 1_000_000;

/** Units far below a cent are named by the million, so that people can read the price. */
function unitPrice(price: Price, product: Product): string {
  const label = product.unit_label ?? "unit";
  const cents = Number(price.unit_amount_decimal);
  if (cents >= 0.01) return `${money(price.unit_amount_decimal, price.currency)} per ${label}`;
  return `${money(lineAmount(String(million), price.unit_amount_decimal), price.currency)} per million ${label}s`;
}

function body(session: Session, lines: Line[]): Html {
  const total = money(session.amount_total, session.currency);
  const [first] = lines;
  return html`<div class="split">
    <section aria-labelledby="what">
      <h1 id="what" class="muted">Subscribe to ${first?.name ?? "this plan"}</h1>
      <p class="price">${total} <span class="muted small">per month</span></p>
      <div class="lines">
        ${lines.map(
          (line) =>
            html`<div class="row">
              <div>
                <b>${line.name}</b>
                <p class="muted small">${line.detail}</p>
              </div>
              <div class="amount">${line.today}</div>
            </div>`,
        )}
        <div class="row total">
          <div>Due today</div>
          <div class="amount">${total}</div>
        </div>
      </div>
    </section>
    <section class="card" aria-labelledby="how">
      ${session.local.declined && html`<p class="notice bad" role="alert">Your card was declined. Nothing was charged. Please choose another way to pay.</p>`}
      <form method="post" action="/c/pay/${session.id}">
        ${
          session.customer_email !== null &&
          html`<div class="field">
            <p class="label">E-mail</p>
            <p class="value">${session.customer_email}</p>
          </div>`
        }
        <h2 id="how" hidden>How to pay</h2>
        <fieldset class="field">
          <legend>How to pay (test cards)</legend>
          ${radios(checkoutWays, "works")}
        </fieldset>
        <button class="primary" type="submit">Pay ${total}</button>
      </form>
      <p class="muted small after">You can cancel at any time; the plan then runs to the end of the month.</p>
    </section>
  </div>`;
}

function closed(reply: FastifyReply, deps: PageDeps, session: Session): FastifyReply {
  const business = deps.settings.businessName;
  const paid = session.status === "complete";
  return sendPage(reply, {
    status: paid ? 200 : 410,
    parts: {
      title: paid ? "Already paid" : "Checkout expired",
      business,
      back: { href: returnAddress(session), words: `Back to ${business}` },
      narrow: true,
      body: paid
        ? message("This checkout is complete", "The plan is active. There is nothing more to pay here.")
        : message("This checkout has expired", "Nothing was charged. Go back and start a new one."),
    },
  });
}

/** Where a finished session leads, or where an unfinished one is left. */
function returnAddress(session: Session): string {
  const address =
    session.status === "complete" ? session.success_url : (session.cancel_url ?? session.success_url);
  return address.replaceAll("{CHECKOUT_SESSION_ID}", session.id);
}

export function checkoutPage(app: FastifyInstance, deps: PageDeps): void {
  app.get<{ Params: { id: string } }>("/c/pay/:id", async (request, reply) => {
    const { session, lines } = await deps.store.read(async (tx) => {
      const act = await actNow(tx, deps.settings, null);
      const found = await tx.need("checkout.session", request.params.id);
      return { session: found, lines: await describe(act, found) };
    });
    if (session.status !== "open") return closed(reply, deps, session);
    return sendPage(reply, {
      parts: {
        title: `Pay ${money(session.amount_total, session.currency)}`,
        business: deps.settings.businessName,
        back: { href: returnAddress(session), words: "Leave without paying" },
        body: body(session, lines),
      },
      formTargets: [session.success_url],
    });
  });

  app.post<{ Params: { id: string } }>("/c/pay/:id", async (request, reply) => {
    const form = parseForm(typeof request.body === "string" ? request.body : "");
    const way = checkoutWays.find((option) => option.id === form["way"]) ?? checkoutWays[0];
    if (!way) throw new RangeError("no way to pay is configured");
    const { session, outcome } = await deps.store.write(async (tx) => {
      const found = await tx.need("checkout.session", request.params.id);
      const act = await actNow(tx, deps.settings, null);
      const result = await paySession(act, found, way.payment);
      await tx.query(
        `insert into stripe_local.truth_log (method, path, params, status, result_id) values ('POST', $1, $2, 200, $3)`,
        [`/c/pay/${found.id}`, JSON.stringify({ way: way.id, outcome: result }), found.id],
      );
      return { session: found, outcome: result };
    });
    deps.changed();
    if (outcome === "done") return reply.redirect(returnAddress(session), 303);
    return reply.redirect(`/c/pay/${session.id}`, 303);
  });
}

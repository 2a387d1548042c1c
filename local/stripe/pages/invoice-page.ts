/** `/i/:id`: where `hosted_invoice_url` leads. Prints well. */
import type { FastifyInstance } from "fastify";
import { money } from "../cycle/lines.ts";
import type { Invoice } from "../types.ts";
import { html, type Html } from "./html.ts";
import { day, sendPage } from "./layout.ts";
import type { PageDeps } from "./pages.ts";

const looks: Record<Invoice["status"], { words: string; look: string }> = {
  draft: { words: "Draft", look: "" },
  open: { words: "Unpaid", look: "bad" },
  paid: { words: "Paid", look: "good" },
  uncollectible: { words: "Given up", look: "bad" },
  void: { words: "Void", look: "" },
};

export function invoiceBadge(invoice: Invoice): Html {
  const { words, look } = looks[invoice.status];
  return html`<span class="badge ${look}">${words}</span>`;
}

export function invoicePage(app: FastifyInstance, deps: PageDeps): void {
  app.get<{ Params: { id: string } }>("/i/:id", async (request, reply) => {
    const invoice = await deps.store.read((tx) => tx.need("invoice", request.params.id));
    const amount = (cents: number) => money(cents, invoice.currency);
    return sendPage(reply, {
      parts: {
        title: `Invoice ${invoice.number ?? "(draft)"}`,
        business: deps.settings.businessName,
        back: null,
        narrow: true,
        body: html`<section class="card">
          <div class="head">
            <h1>Invoice ${invoice.number ?? "(draft)"}</h1>
            ${invoiceBadge(invoice)}
          </div>
          <p class="muted small">
            ${day(invoice.created)}${invoice.customer_email !== null && ` · ${invoice.customer_email}`}
          </p>
          <div class="lines">
            ${invoice.lines.data.map(
              (line) =>
                html`<div class="row">
                  <div>
                    ${line.description}
                    <p class="muted small">${day(line.period.start)} to ${day(line.period.end)}</p>
                  </div>
                  <div class="amount">${amount(line.amount)}</div>
                </div>`,
            )}
            <div class="row total">
              <div>Total</div>
              <div class="amount">${amount(invoice.total)}</div>
            </div>
            <div class="row">
              <div>Paid</div>
              <div class="amount">${amount(invoice.amount_paid)}</div>
            </div>
          </div>
        </section>`,
      },
    });
  });
}

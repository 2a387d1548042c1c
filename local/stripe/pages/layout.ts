/** The frame around every hosted page: what it is, whose it is, and the rules for the browser. */
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { html, Html } from "./html.ts";
import { css } from "./style.ts";

/** One value, so that no formatter of templates can put a space where the hash does not expect it. */
const style = new Html(`<style>${css}</style>`);
const styleHash = createHash("sha256").update(css).digest("base64");

/** The mark of packages/brand/src/logo.ts, copied. */
const mark = html`<svg viewBox="0 0 48 48" aria-hidden="true" focusable="false">
  <path
    fill="currentColor"
    d="M27 9.5c9.1 0 16.5 7.2 16.5 16S36.1 41.5 27 41.5s-16.5-7.2-16.5-16c0-4.9 2.3-9.3 5.9-12.2l6.3 8.6c.7 1 2 1.2 3 .6l1.3-.9 1.9 1.5c1 .8 2.4.5 3-.6L35.9 12c-.3-.2 0 0-.4-.2-2.500-1.500-5.400-2.300-8.500-2.300Z"
  />
  <path
    fill="none"
    stroke="currentColor"
    stroke-width="2.6"
    stroke-linecap="round"
    d="M19.500 6.700C11 8 4.500 15.300 4.500 24c0 8.300 5.900 15.300 13.800 17.100"
  />
</svg>`;

export interface PageParts {
  title: string;
  business: string;
  /** Where "back" leads, if anywhere. */
  back: { href: string; words: string } | null;
  body: Html;
  narrow?: boolean;
}

export function layout(parts: PageParts): Html {
  const { title, business, back, body } = parts;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width,initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>${title} · ${business}</title>
        ${style}
      </head>
      <body>
        <aside class="test" aria-label="What this page is">
          Test checkout: no money moves. This page runs on this computer and stands in for Stripe.
        </aside>
        <div class="page${parts.narrow ? " narrow" : ""}">
          <header class="top">
            <div class="brand">${mark}<span class="wordmark">${business}</span></div>
            ${back === null ? null : html`<a class="back" href="${back.href}">${back.words}</a>`}
          </header>
          <main>${body}</main>
        </div>
        <footer class="foot">
          Local stand-in for Stripe · nothing leaves this computer · no card is asked for
        </footer>
      </body>
    </html>`;
}

/**
 * Sends a page under a strict policy. `formTargets` are the addresses a form of this page may end at
 * after its redirect; browsers count the redirect as part of the submission.
 */
export function sendPage(
  reply: FastifyReply,
  page: { status?: number; parts: PageParts; formTargets?: (string | null)[] },
): FastifyReply {
  const targets = (page.formTargets ?? []).flatMap((url) => (url === null ? [] : [new URL(url).origin]));
  const policy = [
    "default-src 'none'",
    `style-src 'sha256-${styleHash}'`,
    "base-uri 'none'",
    "frame-ancestors 'none'",
    `form-action 'self' ${[...new Set(targets)].join(" ")}`.trim(),
  ].join("; ");
  return reply
    .code(page.status ?? 200)
    .headers({
      "content-security-policy": policy,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    })
    .type("text/html; charset=utf-8")
    .send(layout(page.parts).text);
}

/** "22 December 2026". */
export function day(seconds: number): string {
  return new Intl.DateTimeFormat("en-GB", {
    day: "numeric",
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  }).format(new Date(seconds * 1000));
}

/** "Go back to 127.0.0.1"-style words would frighten; the business has a name. */
export function message(title: string, words: string): Html {
  return html`<section class="card">
    <h1>${title}</h1>
    <p class="muted">${words}</p>
  </section>`;
}

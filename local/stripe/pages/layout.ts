/** The frame around every hosted page: what it is, whose it is, and the rules for the browser. */
import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { html, Html } from "./html.ts";
import { css } from "./style.ts";

/** One value, so that no formatter of templates can put a space where the hash does not expect it. */
const style = new Html(`<style>${css}</style>`);
const styleHash = createHash("sha256").update(css).digest("base64");

/** The mark of packages/brand/src/logo.ts, copied. */
const claw =
  "M13.6 23.8C13.6 12.3 20.6 3.9 31.2 2.3C33.5 2 34.8 4.4 33.3 6.1C28.3 11.6 25.9 17.2 27 22.3C27.3 23.6 28.7 24.1 29.8 23.3C33.1 21 35.5 17.1 36.7 12.4C37.2 10.3 39.9 9.9 41 11.7C46 19.9 45 29.4 38.9 35.3C36.3 37.8 32.7 38.7 28.8 38.2C19.8 37 13.6 31.6 13.6 23.8ZM26.1 41.3C29.1 41.9 32 41.9 34.7 41.4C36.4 41.1 37.6 42.8 36.8 44.3C36 45.7 34.5 46.5 32.9 46.5H27.6C25.9 46.5 24.4 45.6 23.7 44.1C23 42.6 24.4 40.9 26.1 41.3Z";
const shell = "M22.4 3.2C11.8 6 4.3 14.7 4.3 25C4.3 33.4 8.6 40.4 15.2 44.3";
const mark = html`<svg viewBox="0 0 48 48" aria-hidden="true" focusable="false">
  <path fill="currentColor" d="${claw}" />
  <path fill="none" stroke="currentColor" stroke-width="3.2" stroke-linecap="round" d="${shell}" />
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
    "font-src 'self'",
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

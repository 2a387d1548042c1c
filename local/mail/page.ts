/** The mailbox as people see it: a list, and one mail. Works without scripts; client.js keeps it fresh. */
import { html } from "./html.ts";
import type { Html } from "./html.ts";
import type { MailSummary, StoredMail } from "./store.ts";

export const views = ["message", "text", "headers"] as const;
export type View = (typeof views)[number];

export interface Page {
  mails: MailSummary[];
  /** The open mail; on the front page the newest one, which narrow screens do not show. */
  mail: StoredMail | undefined;
  /** True on the page of one mail: narrow screens then show it instead of the list. */
  chosen: boolean;
  view: View;
  /** Only mails to this address are listed. */
  to: string | undefined;
  /** The id to go on from, when there are older mails. */
  older: number | undefined;
  newest: boolean;
}

export function renderPage(page: Page): string {
  const title =
    page.chosen && page.mail
      ? `${page.mail.subject || "No subject"} · Demo mailbox`
      : "Demo mailbox · Molt-OS";
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>${title}</title>
        <link rel="icon" href="/icon.svg" type="image/svg+xml" />
        <link rel="stylesheet" href="/style.css" />
        <script src="/client.js" defer></script>
      </head>
      <body data-chosen="${page.chosen ? "yes" : "no"}">
        <a class="skip" href="#mail">Skip to the open mail</a>
        ${header()}
        <main class="panes">
          ${list(page)}
          <div id="mail" tabindex="-1">${page.mail ? openMail(page, page.mail) : nothing(page)}</div>
        </main>
        <p id="news" class="hidden" role="status" aria-live="polite"></p>
      </body>
    </html>`.html;
}

function header(): Html {
  return html`<header class="top">
    <a class="brand" href="/">
      <svg viewBox="0 0 48 48" aria-hidden="true">
        <path class="shell" d="${mark.shell}" />
        <path class="claw" d="${mark.claw}" />
      </svg>
      <h1>Demo mailbox</h1>
    </a>
    <p class="notice">
      <strong>No mail leaves this machine.</strong>
      Everything Molt-OS would send by e-mail arrives here.
    </p>
    <p id="live" class="live" data-state="off">
      <span class="dot" aria-hidden="true"></span><span>Reload to refresh</span>
    </p>
  </header>`;
}

function list(page: Page): Html {
  return html`<nav id="list" class="list" aria-label="Mails">
    <div class="list-head">
      <h2>${page.to ? html`To ${page.to}` : "All mail"}</h2>
      ${page.to && html`<a class="quiet" href="/">Show all</a>`}
      ${!page.to && page.mails.length > 0 && html`<button id="clear" class="quiet" type="button" hidden>Delete all</button>`}
    </div>
    ${page.mails.length === 0 && html`<p class="empty-list">No mail yet.</p>`}
    <ol>
      ${page.mails.map((mail) => row(page, mail))}
    </ol>
    <div class="list-foot">
      ${!page.newest && html`<a class="quiet" href="${listAddress(page.to)}">Newest</a>`}
      ${page.older !== undefined && html`<a class="quiet" href="${listAddress(page.to, page.older)}">Older mails</a>`}
    </div>
  </nav>`;
}

function listAddress(to: string | undefined, before?: number): string {
  const query = new URLSearchParams();
  if (to) query.set("to", to);
  if (before !== undefined) query.set("before", String(before));
  return query.size > 0 ? `/?${query.toString()}` : "/";
}

function row(page: Page, mail: MailSummary): Html {
  const open = page.mail?.id === mail.id;
  const suffix = page.to ? `?${new URLSearchParams({ to: page.to }).toString()}` : "";
  return html`<li>
    <a
      class="row"
      href="/mails/${mail.id}${suffix}"
      data-id="${mail.id}"
      ${open && html`aria-current="true"`}
    >
      <span class="row-top">
        <span class="row-to">${mail.recipients.join(", ")}</span>
        ${moment(mail.receivedAt, "short")}
      </span>
      <span class="row-subject">${mail.subject || "No subject"}</span>
      ${mail.code && html`<span class="chip"><span class="hidden">Code </span>${mail.code}</span>`}
    </a>
  </li>`;
}

function openMail(page: Page, mail: StoredMail): Html {
  return html`<article aria-labelledby="subject" data-id="${mail.id}">
    <a class="back" href="${listAddress(page.to)}"><span aria-hidden="true">←</span> All mail</a>
    <h2 id="subject">${mail.subject || "No subject"}</h2>
    <dl class="facts">
      <div>
        <dt>From</dt>
        <dd>${mail.from || mail.envelopeFrom || "nobody"}</dd>
      </div>
      <div>
        <dt>To</dt>
        <dd>${mail.recipients.join(", ")}</dd>
      </div>
      <div>
        <dt>Received</dt>
        <dd>${moment(mail.receivedAt, "long")}</dd>
      </div>
    </dl>
    ${mail.code && bigCode(mail.code)} ${tabs(page, mail)} ${body(page, mail)}
    ${mail.attachments.length > 0 && attachments(mail)}
  </article>`;
}

function bigCode(code: string): Html {
  return html`<section class="code" aria-label="One-time code">
    <p class="code-label">One-time code</p>
    <p class="code-digits" id="code" aria-label="${code.split("").join(" ")}">${code}</p>
    <button id="copy" class="button" type="button" data-code="${code}" hidden>Copy</button>
  </section>`;
}

const viewNames = { message: "Message", text: "Plain text", headers: "Headers" } satisfies Record<
  View,
  string
>;

function tabs(page: Page, mail: StoredMail): Html {
  return html`<nav class="tabs" aria-label="Parts of this mail">
    ${views.map((view) => {
      const query = new URLSearchParams({ ...(page.to && { to: page.to }), view });
      return html`<a
        href="/mails/${mail.id}?${query.toString()}"
        ${view === page.view && html`aria-current="page"`}
        >${viewNames[view]}</a
      >`;
    })}
  </nav>`;
}

function body(page: Page, mail: StoredMail): Html {
  if (page.view === "headers") {
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Headers">
      <table class="headers">
        <tbody>
          ${mail.headers.map(
            ({ name, value }) =>
              html`<tr>
                <th scope="row">${name}</th>
                <td>${value}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }
  if (page.view === "message" && mail.html !== null) {
    return html`<iframe
      class="frame"
      title="The mail as it looks"
      src="/mails/${mail.id}/html"
      sandbox="allow-popups allow-popups-to-escape-sandbox"
      referrerpolicy="no-referrer"
    ></iframe>`;
  }
  return html`<pre class="text" tabindex="0">${mail.text || "This mail has no text."}</pre>`;
}

function attachments(mail: StoredMail): Html {
  return html`<section class="files">
    <h3>Attachments</h3>
    <ul>
      ${mail.attachments.map((file) => html`<li>${file.name} <span>${file.type}, ${file.bytes} bytes, not kept</span></li>`)}
    </ul>
  </section>`;
}

function nothing(page: Page): Html {
  return html`<div class="nothing">
    <svg viewBox="0 0 48 48" aria-hidden="true">
      <path class="shell" d="${mark.shell}" />
      <path class="shell" d="${mark.claw}" />
    </svg>
    <h2>${page.to ? "No mail to this address" : "No mail yet"}</h2>
    <p>Sign up in the app, and its mail with the code appears here by itself.</p>
  </div>`;
}

/** The machine is its reader's own, so its time zone is right. client.js refines nothing here. */
function moment(time: Date, length: "short" | "long"): Html {
  const today = new Date().toDateString() === time.toDateString();
  const clock = time.toLocaleTimeString("en-GB");
  const day = time.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  const shown =
    length === "long" ? `${day}, ${clock}` : today ? clock.slice(0, 5) : day.replace(/ \d{4}$/, "");
  return html`<time datetime="${time.toISOString()}">${shown}</time>`;
}

/** The mark of packages/brand, copied: a stand-in imports nothing of the product. */
export const mark = {
  claw: "M13.6 23.8C13.6 12.3 20.6 3.9 31.2 2.3C33.5 2 34.8 4.4 33.3 6.1C28.3 11.6 25.9 17.2 27 22.3C27.3 23.6 28.7 24.1 29.8 23.3C33.1 21 35.5 17.1 36.7 12.4C37.2 10.3 39.9 9.9 41 11.7C46 19.9 45 29.4 38.9 35.3C36.3 37.8 32.7 38.7 28.8 38.2C19.8 37 13.6 31.6 13.6 23.8ZM26.1 41.3C29.1 41.9 32 41.9 34.7 41.4C36.4 41.1 37.6 42.8 36.8 44.3C36 45.7 34.5 46.5 32.9 46.5H27.6C25.9 46.5 24.4 45.6 23.7 44.1C23 42.6 24.4 40.9 26.1 41.3Z",
  shell: "M22.4 3.2C11.8 6 4.3 14.7 4.3 25C4.3 33.4 8.6 40.4 15.2 44.3",
} as const;

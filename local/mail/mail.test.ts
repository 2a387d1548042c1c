/** The mailbox, driven by nodemailer as any sender would, and read as a browser and a test would. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, beforeEach, suite, test } from "node:test";

import { createTransport } from "nodemailer";

import { freshDatabase } from "../auth/testing/database.ts";
import { startProcess } from "../auth/testing/process.ts";
import type { Running } from "../auth/testing/process.ts";

interface WireMail {
  id: number;
  to: string[];
  from: string;
  subject: string;
  text: string;
  html: string | null;
  code: string | null;
  links: string[];
  messageId: string;
  headers: { name: string; value: string }[];
  attachments: { name: string; bytes: number }[];
}

suite("the demo mailbox", () => {
  let mailbox: Running;
  let databaseUrl = "";
  const cleanups: (() => Promise<unknown>)[] = [];

  before(async () => {
    databaseUrl = await freshDatabase({ after: (work) => void cleanups.push(work) });
    mailbox = await startProcess("mail", { DATABASE_URL: databaseUrl });
  });
  after(async () => {
    assert.equal(await mailbox.stop(), 0, "SIGTERM ends it cleanly");
    for (const cleanup of cleanups) await cleanup();
  });
  beforeEach(async () => {
    await control([]);
    await fetch(`${mailbox.url}/api/mails`, { method: "DELETE" });
  });

  const control = async (faults: object[]): Promise<void> => {
    const answer = await fetch(`${mailbox.url}/__control`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ faults }),
    });
    assert.equal(answer.status, 200, await answer.text());
  };
  const read = async (query = ""): Promise<{ mails: WireMail[]; shown: number; accepted: number }> =>
    (await fetch(`${mailbox.url}/api/mails${query}`)).json() as Promise<{
      mails: WireMail[];
      shown: number;
      accepted: number;
    }>;
  const send = async (mail: object, options: object = {}): Promise<unknown> => {
    const transport = createTransport({ url: String(mailbox.ready["smtpUrl"]), ...options });
    try {
      return await transport.sendMail({ from: "Molt-OS <hello@molt.test>", to: "ada@example.com", ...mail });
    } finally {
      transport.close();
    }
  };

  test("a mail that was sent is there, whole, newest first", async () => {
    await send({ subject: "One", text: "first" });
    await send({
      to: "Ada@Example.com, bob@example.com",
      subject: "123456 is your code",
      text: "Enter\n\n    123456\n\nor open http://127.0.0.1:4705/auth/v1/verify?token=abc&type=signup\n",
      html: "<p>Enter <b>123456</b></p>",
      messageId: "<row-2@molt.test>",
      attachments: [{ filename: "note.txt", content: "hello" }],
    });
    const { mails, shown } = await read();
    assert.equal(shown, 2);
    assert.deepEqual(
      mails.map((mail) => mail.subject),
      ["123456 is your code", "One"],
    );
    const mail = mails[0];
    assert.ok(mail);
    assert.deepEqual(mail.to, ["ada@example.com", "bob@example.com"]);
    assert.equal(mail.code, "123456");
    assert.equal(mail.messageId, "<row-2@molt.test>");
    assert.deepEqual(mail.links, ["http://127.0.0.1:4705/auth/v1/verify?token=abc&type=signup"]);
    assert.match(mail.html ?? "", /<b>123456<\/b>/);
    assert.deepEqual(
      mail.attachments.map(({ name, bytes }) => [name, bytes]),
      [["note.txt", 5]],
    );
    assert.ok(mail.headers.some(({ name, value }) => name === "from" && value.includes("hello@molt.test")));
  });

  test("mails are found by recipient in any case, and by id", async () => {
    await send({ to: "ada@example.com", subject: "For Ada" });
    await send({ to: "bob@example.com", subject: "For Bob" });
    const { mails } = await read("?to=BOB@example.com");
    assert.deepEqual(
      mails.map((mail) => mail.subject),
      ["For Bob"],
    );
    const one = await fetch(`${mailbox.url}/api/mails/${mails[0]?.id}`);
    assert.equal(((await one.json()) as WireMail).subject, "For Bob");
    assert.deepEqual((await read(`?after=${mails[0]?.id}`)).mails, []);
    assert.equal((await fetch(`${mailbox.url}/api/mails/999999`)).status, 404);
    assert.equal((await fetch(`${mailbox.url}/api/mails?before=soon`)).status, 400);
  });

  test("deleting for one recipient leaves the others' mail", async () => {
    await send({ to: "ada@example.com" });
    await send({ to: "bob@example.com" });
    const answer = await fetch(`${mailbox.url}/api/mails?to=ada@example.com`, { method: "DELETE" });
    assert.deepEqual(await answer.json(), { deleted: 1 });
    assert.deepEqual(
      (await read()).mails.map((mail) => mail.to[0]),
      ["bob@example.com"],
    );
  });

  test("a number in running text is not taken for a code", async () => {
    await send({ subject: "Your invoice 123456", text: "Invoice 654321 of today\n1234567\n" });
    assert.equal((await read()).mails[0]?.code, null);
  });

  test("any name and password is taken: nothing is behind them", async () => {
    await send({ subject: "With a login" }, { auth: { user: "someone", pass: "anything" } });
    assert.equal((await read()).shown, 1);
  });

  test("a mail over one megabyte is refused and not stored", async () => {
    await assert.rejects(send({ text: "x".repeat(1_100_000) }), { responseCode: 552 });
    assert.equal((await read()).shown, 0);
  });

  test("NUL, lone surrogates and bytes that are no mail are shown, not a failure", async () => {
    await send({
      raw: Buffer.from("Subject: =?utf-8?B?AGEA?=\r\n\r\nzero \0 byte \xff", "latin1"),
      envelope: envelope(),
    });
    await send({ raw: Buffer.from("\r\n"), envelope: envelope() });
    assert.equal((await read()).shown, 2);
  });

  test("only the newest thousand are kept", async () => {
    const { default: pg } = await import("pg");
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(`insert into mail_local.mails (envelope_from, recipients, sender, subject, text_body, headers,
      attachments, bytes) select 'a@b.c', '{x@y.z}', 'a@b.c', 'old ' || n, '', '[]', '[]', 1 from generate_series(1, 1000) n`);
    await client.end();
    await send({ subject: "The newest" });
    const { shown } = await read();
    assert.equal(shown, 1_000);
    const page = await read("?limit=1");
    assert.equal(page.mails[0]?.subject, "The newest");
    assert.equal((await read("?to=x@y.z&limit=50")).mails.length, 50);
  });

  test("F13 the mailbox can answer 421 for a number of mails and then recovers", async () => {
    await control([{ kind: "refuse", times: 2 }]);
    await assert.rejects(send({}), { responseCode: 421 });
    await assert.rejects(send({}), { responseCode: 421 });
    await send({ subject: "At last" });
    assert.deepEqual(
      (await read()).mails.map((mail) => mail.subject),
      ["At last"],
    );
  });

  test("F13 the mailbox can refuse the recipient or the mail, in the words of a test", async () => {
    const text = "5.1.1 <ada@example.com> is unknown here";
    for (const [at, command] of [
      ["sender", "MAIL FROM"],
      ["recipient", "RCPT TO"],
      ["data", "DATA"],
    ]) {
      await control([{ kind: "refuse", at, code: 550, text }]);
      await assert.rejects(send({}), { command, responseCode: 550, response: `550 ${text}` });
    }
    assert.equal((await read()).shown, 0);
  });

  test("F13 the mailbox can take a mail and never answer", async () => {
    await control([{ kind: "hang" }]);
    await assert.rejects(send({}, { socketTimeout: 300 }), { code: "ETIMEDOUT" });
    assert.equal((await read()).shown, 0);
  });

  test("F13 the mailbox can accept a mail and lose it, and knows that it did", async () => {
    const earlier = (await read()).accepted;
    await control([{ kind: "lose" }]);
    await send({});
    const { shown, accepted } = await read();
    assert.deepEqual([shown, accepted - earlier], [0, 1]);
  });

  test("F13 the mailbox can store a mail and cut the connection instead of answering", async () => {
    await control([{ kind: "cut" }]);
    await assert.rejects(send({ subject: "Stored all the same" }));
    assert.deepEqual(
      (await read()).mails.map((mail) => mail.subject),
      ["Stored all the same"],
    );
  });

  test("an unknown fault is refused, so that a typo cannot pass as no fault", async () => {
    const answer = await fetch(`${mailbox.url}/__control`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ faults: [{ kind: "explode" }] }),
    });
    assert.equal(answer.status, 400);
    for (const wrong of [{ at: "greeting" }, { text: "two\r\n250 lines" }])
      await assert.rejects(control([{ kind: "refuse", ...wrong }]));
  });

  test("the page says what it is, shows the code, and escapes what mails say", async () => {
    await send({
      subject: "654321 <script>alert(1)</script>",
      text: "\n654321\n",
      html: "<script>document.title='owned'</script><img src='http://127.0.0.1:1/beacon'><p>hello</p>",
    });
    const page = await (await fetch(mailbox.url)).text();
    assert.match(page, /No mail leaves this machine/);
    assert.match(page, /id="code"[^>]*>654321</);
    assert.ok(!page.includes("<script>alert"), "the subject is escaped");
    const id = (await read()).mails[0]?.id;
    const frame = await fetch(`${mailbox.url}/mails/${id}/html`);
    const policy = frame.headers.get("content-security-policy") ?? "";
    assert.match(policy, /sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'/);
    assert.ok(!policy.includes("allow-scripts") && !policy.includes("allow-same-origin"));
    const text = await (await fetch(`${mailbox.url}/mails/${id}?view=headers`)).text();
    assert.match(text, /<th scope="row">subject<\/th>/);
  });

  test("an open page hears of a new mail", async () => {
    const stop = new AbortController();
    const stream = await fetch(`${mailbox.url}/events`, { signal: stop.signal });
    await send({ subject: "Hear, hear" });
    let heard = "";
    for await (const chunk of stream.body ?? []) {
      heard += Buffer.from(chunk as Uint8Array).toString();
      if (heard.includes("\n\n") && heard.includes("event: mail")) break;
    }
    assert.match(heard, /event: mail\ndata: \{"id":\d+,"subject":"Hear, hear"\}/);
    stop.abort();
  });

  test("a foreign host name that points here reads nothing", async () => {
    const { hostname, port } = new URL(mailbox.url);
    const socket = connect(Number(port), hostname);
    socket.write("GET /api/mails HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n");
    const [chunk] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    assert.match(chunk.toString(), /^HTTP\/1\.1 421 /);
  });

  function envelope(): object {
    return { from: "a@example.com", to: "ada@example.com" };
  }
});

test("the mailbox keeps its mails over a restart", async (t) => {
  const databaseUrl = await freshDatabase(t);
  const first = await startProcess("mail", { DATABASE_URL: databaseUrl });
  const transport = createTransport({ url: String(first.ready["smtpUrl"]) });
  await transport.sendMail({ from: "a@example.com", to: "b@example.com", subject: "Kept" });
  transport.close();
  await first.stop("SIGKILL");
  const second = await startProcess("mail", { DATABASE_URL: databaseUrl });
  t.after(() => second.stop());
  const { mails } = (await (await fetch(`${second.url}/api/mails`)).json()) as { mails: WireMail[] };
  assert.deepEqual(
    mails.map((mail) => mail.subject),
    ["Kept"],
  );
});

test("a missing variable stops the start with its name", async () => {
  await assert.rejects(startProcess("mail", {}), /ended with 1: mail stand-in: DATABASE_URL is not set/);
  await assert.rejects(
    startProcess("mail", { DATABASE_URL: "x", SMTP_PORT: "many" }),
    /SMTP_PORT must be a port/,
  );
});

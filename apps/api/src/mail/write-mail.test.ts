import assert from "node:assert/strict";
import { test } from "node:test";
import { entryId, samples } from "./testing/samples.ts";
import type { TemplateName } from "./templates.ts";
import { templates } from "./templates.ts";
import { writeMail } from "./write-mail.ts";

const config = {
  urls: { api: "http://127.0.0.1:1", app: "http://127.0.0.1:2", landing: "http://127.0.0.1:3" },
  masterKey: Buffer.alloc(32, 7).toString("base64"),
};
const write = (template: string, language: string, data: unknown) =>
  writeMail(config, { template, language, recipient: "ann@example.com", data });

for (const name of Object.keys(templates) as TemplateName[]) {
  for (const language of ["en", "de"]) {
    test(`the mail ${name} says in ${language} the same as HTML and as text`, () => {
      const mail = write(name, language, samples[name]);
      assert.ok(mail.subject.length > 5 && mail.subject.length < 80);
      assert.match(mail.html, new RegExp(`<html lang="${language}">`));
      for (const part of [mail.subject, mail.html, mail.text]) {
        assert.doesNotMatch(part, /undefined|NaN|\[object/);
      }
      const links = [...mail.html.matchAll(/href="([^"]+)"/g)].map(([, url = ""]) =>
        url.replaceAll("&amp;", "&"),
      );
      for (const link of links) assert.ok(mail.text.includes(link), `${link} is missing in the text`);
      assert.ok(mail.text.split("\n").every((line) => line.length <= 78 || line.includes("://")));
    });
  }
}

test("the two languages are two texts", () => {
  for (const name of Object.keys(templates) as TemplateName[]) {
    assert.notEqual(write(name, "en", samples[name]).text, write(name, "de", samples[name]).text, name);
  }
});

test("nothing from outside becomes markup, a header or a link of its own", () => {
  const number = `"><script>alert(1)</script>\r\nBcc: all@example.com`;
  const mail = write("invoice", "en", { ...samples.invoice, number });
  assert.doesNotMatch(mail.html, /<script/);
  assert.doesNotMatch(mail.subject, /[\r\n]/);
  assert.throws(() => write("invoice", "en", { ...samples.invoice, url: "javascript:alert(1)" }), /url/);
});

test("the cap that is reached says that calls stop, the others only inform, in what the user pays", () => {
  const at = (percent: number) => write("cap-reached", "en", { ...samples["cap-reached"], percent }).text;
  assert.match(at(100), /no more calls/);
  assert.match(at(50), /goes on working/);
  assert.match(at(80), /\$96\.00[\s\S]*\$120\.00/);
  assert.throws(() => at(70), /percent/);
});

test("tokens stand behind the # of a link, where no server sees them", () => {
  const { text } = write("confirm-waitlist", "de", { entryId });
  assert.match(text, /http:\/\/127\.0\.0\.1:3\/de\/waitlist\/confirm#[A-Za-z0-9_-]{43}\n/);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type AnswerHead, BrokenAnswer, HttpAnswerReader } from "./http-answer.ts";

interface Seen {
  head: AnswerHead | undefined;
  body: string;
  /** Undefined as long as the answer has not ended. */
  isReusable: boolean | undefined;
}

/** What is understood of the bytes, in reads of the given sizes; the rest comes in one. */
function read(text: string, sizes: readonly number[] = []): Seen & { reader: HttpAnswerReader } {
  const bytes = Buffer.from(text, "latin1");
  const seen: Seen = { head: undefined, body: "", isReusable: undefined };
  const reader = new HttpAnswerReader({
    head: (head) => (seen.head = head),
    body: (part) => (seen.body += part.toString("latin1")),
    end: (isReusable) => (seen.isReusable = isReusable),
  });
  const scratch = Buffer.alloc(bytes.length);
  let from = 0;
  for (const size of [...sizes, bytes.length]) {
    const to = Math.min(bytes.length, from + size);
    if (to > from) reader.push(scratch.subarray(0, bytes.copy(scratch, 0, from, to)));
    scratch.fill(0); // whoever kept the read's bytes instead of a copy is found out
    from = to;
  }
  return { ...seen, reader };
}

const chunked = (...chunks: string[]) =>
  `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n${chunks
    .map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`)
    .join("")}0\r\n\r\n`;

test("an answer reads the same wherever the reads end, at every byte", () => {
  const body = ["data: 1\n\n", "x".repeat(300), "\r\n0\r\n\r\n", "end"];
  const answers = [
    chunked(...body),
    chunked(...body).replace("0\r\n\r\n0\r\n\r\n", "0\r\n\r\n0\r\nx-trailer: 1\r\n\r\n"),
    `HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n${chunked(...body)}`,
    `HTTP/1.1 200 OK\r\ncontent-length: ${body.join("").length}\r\n\r\n${body.join("")}`,
  ];
  for (const text of answers) {
    const whole = read(text);
    assert.deepEqual([whole.head?.status, whole.body, whole.isReusable], [200, body.join(""), true]);
    for (let at = 1; at < text.length; at += 1) {
      const { head, body: read2, isReusable } = read(text, [at]);
      assert.deepEqual([head, read2, isReusable], [whole.head, whole.body, true], `cut at ${at}`);
    }
    const single = read(
      text,
      Array.from({ length: text.length }, () => 1),
    );
    assert.deepEqual([single.body, single.isReusable], [whole.body, true]);
  }
});

test("any body in any chunks and any reads comes out byte for byte", () => {
  const chunks = fc.array(fc.uint8Array({ minLength: 1, maxLength: 5_000 }), { maxLength: 30 });
  fc.assert(
    fc.property(chunks, fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 40 }), (parts, sizes) => {
      const texts = parts.map((part) => Buffer.from(part).toString("latin1"));
      const { body, isReusable } = read(chunked(...texts), sizes);
      assert.equal(body === texts.join(""), true);
      assert.equal(isReusable, true);
    }),
    { numRuns: 150 },
  );
});

test("an answer that is cut after any byte is never taken for a whole one", () => {
  const sized = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
  for (const text of [chunked("data: 1\n\n", "data: 2\n\n"), sized]) {
    for (let at = 0; at < text.length; at += 1) {
      const { isReusable, reader } = read(text.slice(0, at));
      assert.deepEqual([isReusable, reader.close()], [undefined, false], `cut after ${at}`);
    }
  }
});

test("an answer without a length ends with its connection, and one without a body at once", () => {
  const open = read("HTTP/1.1 200 OK\r\n\r\nhello");
  assert.deepEqual([open.body, open.isReusable, open.reader.close()], ["hello", undefined, true]);
  for (const head of [
    "204 No Content\r\n\r\n",
    "304 Not Modified\r\ncontent-length: 9\r\n\r\n",
    "200\r\ncontent-length: 0\r\n\r\n",
  ])
    assert.deepEqual(read(`HTTP/1.1 ${head}`).isReusable, true, head);
  const closing = read("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx");
  assert.deepEqual([closing.body, closing.isReusable], ["x", false]);
  assert.equal(read("HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx").isReusable, false);
});

test("a connection carries one answer after the other", () => {
  const { reader, ...first } = read(chunked("one"));
  assert.equal(first.body, "one");
  assert.throws(() => reader.push(Buffer.from("HTTP/1.1 200 OK\r\n")), BrokenAnswer);
  const bodies: string[] = [];
  const again = new HttpAnswerReader({
    head: () => undefined,
    body: (part) => bodies.push(part.toString()),
    end: () => undefined,
  });
  for (const body of ["one", "two"]) {
    again.begin();
    again.push(Buffer.from(chunked(body)));
  }
  assert.deepEqual(bodies, ["one", "two"]);
});

const head = "HTTP/1.1 200 OK\r\n";
const chunkedHead = `${head}transfer-encoding: chunked\r\n\r\n`;
for (const [name, text] of [
  ["another protocol", "ICY 200 OK\r\n\r\n"],
  ["a status that is no number", "HTTP/1.1 2x0 OK\r\n\r\n"],
  ["HTTP/2 by the wrong name", "HTTP/2 200\r\n\r\n"],
  ["a switch of protocols", "HTTP/1.1 101 Switching\r\n\r\n"],
  ["interim answers without end", "HTTP/1.1 100 Continue\r\n\r\n".repeat(7)],
  ["a length and chunks", `${head}content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n`],
  ["two lengths", `${head}content-length: 3\r\ncontent-length: 4\r\n\r\n`],
  ["a list of lengths", `${head}content-length: 3, 3\r\n\r\n`],
  ["a negative length", `${head}content-length: -3\r\n\r\n`],
  ["a length in hex", `${head}content-length: 0x3\r\n\r\n`],
  ["a length beyond all", `${head}content-length: 9999999999999\r\n\r\n`],
  ["another coding", `${head}transfer-encoding: gzip, chunked\r\n\r\n`],
  ["a coding twice", `${head}transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n`],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"],
  ["a folded header", `${head}a: b\r\n c\r\n\r\n`],
  ["a space before the colon", `${head}content-length : 3\r\n\r\n`],
  ["a header without a name", `${head}: 3\r\n\r\n`],
  ["a header without a colon", `${head}nothing\r\n\r\n`],
  ["a bare line feed in a header", `${head}a: b\nc: d\r\n\r\n`],
  ["a zero byte in a header", `${head}a: \0\r\n\r\n`],
  ["a head without end", `${head}a: ${"b".repeat(70_000)}`],
  ["a head that ends too late", `${head}a: ${"b".repeat(70_000)}\r\n\r\n`],
  ["too many headers", `${head}${"a: b\r\n".repeat(300)}\r\n`],
  ["a chunk's size that is no number", `${chunkedHead}xyz\r\n`],
  ["a chunk's size with a sign", `${chunkedHead}-5\r\n`],
  ["a chunk's size with a space", `${chunkedHead} 5\r\n`],
  ["a chunk without a size", `${chunkedHead}\r\n`],
  ["a chunk beyond all", `${chunkedHead}fffffffff\r\n`],
  ["a size that ends in a bare line feed", `${chunkedHead}5\nhello`],
  ["a size that ends in a bare return", `${chunkedHead}5\rhello`],
  ["a chunk longer than it says", `${chunkedHead}3\r\nhello\r\n`],
  ["a chunk that ends in a bare line feed", `${chunkedHead}5\r\nhello\n`],
  ["an extension without end", `${chunkedHead}5;${"a".repeat(300)}`],
  ["a line feed in an extension", `${chunkedHead}5;a\nb\r\nhello`],
  ["a trailer without end", `${chunkedHead}0\r\na: ${"b".repeat(9_000)}`],
  ["a trailer that is none", `${chunkedHead}0\r\nnothing\r\n\r\n`],
  ["a trailer's bare line feed", `${chunkedHead}0\r\n\n`],
] as const) {
  test(`an upstream that sends ${name} is not believed, in one read or in many`, () => {
    assert.throws(() => read(text), BrokenAnswer);
    assert.throws(
      () =>
        read(
          text,
          Array.from({ length: text.length }, () => 1),
        ),
      BrokenAnswer,
    );
  });
}

test("what follows an answer in the same read makes its connection unfit for another", () => {
  assert.equal(read(`${chunked("one")}x`).isReusable, false);
  assert.equal(read(`${head}content-length: 1\r\n\r\nab`).isReusable, false);
  assert.throws(() => read("HTTP/1.1 204 No\r\n\r\nab"), BrokenAnswer);
});

test("an extension of a chunk means nothing and is not passed on", () => {
  const { body, isReusable } = read(`${chunkedHead}5;name="value"\r\nhello\r\n0;last\r\n\r\n`);
  assert.deepEqual([body, isReusable], ["hello", true]);
});

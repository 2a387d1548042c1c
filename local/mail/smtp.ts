/**
 * The mail server: takes every mail for anybody, and delivers none of them. It answers "accepted"
 * only after the mail is stored.
 */
import { once } from "node:events";
import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";

import type { FastifyBaseLogger } from "fastify";
import { SMTPServer } from "smtp-server";
import type { SMTPServerDataStream, SMTPServerSession } from "smtp-server";

import type { FaultPlan, Stage } from "./faults.ts";
import { limits } from "./limits.ts";
import { readMail } from "./read-mail.ts";
import type { Store } from "./store.ts";

export interface MailServer {
  port: number;
  close(): Promise<void>;
}

interface Options {
  port: number;
  store: Store;
  faults: FaultPlan;
  log: FastifyBaseLogger;
  /** Called with the new mail's id once it is stored. */
  onMail: (id: number) => void;
}

/** The open connections by the client's port: only through them can an answer be withheld. */
type Sockets = Map<number, Socket>;

class SmtpError extends Error {
  readonly responseCode: number;
  constructor(responseCode: number, message: string) {
    super(message);
    this.responseCode = responseCode;
  }
}

export async function startMailServer(options: Options): Promise<MailServer> {
  const { faults, log } = options;
  const sockets: Sockets = new Map();
  const server = new SMTPServer({
    banner: "Molt-OS demo mailbox, no mail leaves this machine",
    // Loopback only: nothing to encrypt, and any name and password will do.
    disabledCommands: ["STARTTLS"],
    authOptional: true,
    allowInsecureAuth: true,
    disableReverseLookup: true,
    size: limits.mailBytes,
    maxClients: limits.smtpConnections,
    socketTimeout: 30_000,
    closeTimeout: 500,
    onAuth: (auth, _session, done) => done(null, { user: auth.username ?? "anybody" }),
    onMailFrom: (_address, _session, done) => done(refusal(faults, "sender")),
    onRcptTo(_address, session, done) {
      const refused = refusal(faults, "recipient");
      if (refused) done(refused);
      else if (session.envelope.rcptTo.length < limits.recipients) done();
      else done(new SmtpError(452, `At most ${limits.recipients} recipients a mail`));
    },
    onData(stream, session, done) {
      take(options, { stream, session, sockets }).then(
        (answer) => answer === "answer" && done(),
        (error: unknown) => {
          if (!(error instanceof SmtpError)) log.error({ err: error }, "a mail could not be taken");
          done(
            error instanceof SmtpError ? error : new SmtpError(451, "Could not be stored, please try again"),
          );
        },
      );
    },
  });
  server.server.on("connection", (socket) => {
    const port = socket.remotePort ?? 0;
    sockets.set(port, socket);
    socket.once("close", () => sockets.delete(port));
  });
  // A client that hangs up or speaks something else is no reason to end.
  server.on("error", (error) => log.warn({ err: error }, "an SMTP connection broke"));
  server.listen(options.port, "127.0.0.1");
  await once(server.server, "listening");
  return {
    port: portOf(server),
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** What a test wants to be said here instead of yes. */
function refusal(faults: FaultPlan, stage: Exclude<Stage, "data">): SmtpError | undefined {
  const fault = faults.next(stage);
  return fault && new SmtpError(fault.code, fault.text);
}

function portOf(server: SMTPServer): number {
  const address = server.server.address();
  if (address === null || typeof address === "string") throw new Error("The SMTP server has no port.");
  return address.port;
}

/** Stores one mail. "silent" means that a test wants no answer. */
async function take(
  options: Options,
  given: { stream: SMTPServerDataStream; session: SMTPServerSession; sockets: Sockets },
): Promise<"answer" | "silent"> {
  const { stream, session } = given;
  const raw = await collect(stream);
  if (raw === undefined) throw new SmtpError(552, `A mail may have ${limits.mailBytes} bytes`);
  const fault = options.faults.next("data");
  if (fault?.kind === "refuse") throw new SmtpError(fault.code, fault.text);
  if (fault?.kind === "hang") return "silent";
  if (fault?.kind === "delay") await wait(fault.ms);
  const { mailFrom, rcptTo } = session.envelope;
  const envelope = {
    from: mailFrom === false ? "" : mailFrom.address,
    recipients: [...new Set(rcptTo.map((recipient) => recipient.address.toLowerCase()))],
    bytes: raw.length,
    lost: fault?.kind === "lose",
  };
  const id = await options.store.add(envelope, await readMail(raw));
  if (!envelope.lost) options.onMail(id);
  options.log.info({ mailId: id, bytes: raw.length, fault: fault?.kind }, "mail taken");
  if (fault?.kind !== "cut") return "answer";
  given.sockets.get(session.remotePort)?.destroy();
  return "silent";
}

/** The whole mail, or undefined when it is too big; the rest is then read and dropped. */
async function collect(stream: SMTPServerDataStream): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const readable: Readable = stream;
  for await (const chunk of readable) {
    const piece: Buffer = chunk;
    bytes += piece.length;
    if (bytes <= limits.mailBytes) chunks.push(piece);
  }
  return bytes > limits.mailBytes || stream.sizeExceeded ? undefined : Buffer.concat(chunks);
}

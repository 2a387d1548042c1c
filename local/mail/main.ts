/**
 * Starts the mail stand-in. Prints one line when both servers listen:
 * {"ready":true,"url":"http://127.0.0.1:<port>","smtpUrl":"smtp://127.0.0.1:<port>"}.
 */
import { readConfig } from "./config.ts";
import { startMailbox } from "./server.ts";

async function main(): Promise<void> {
  const mailbox = await startMailbox(readConfig(process.env));
  let closing: Promise<void> | undefined;
  const close = (): void => {
    closing ??= mailbox.close().then(() => process.exit(0), fail);
  };
  process.once("SIGTERM", close);
  process.once("SIGINT", close);
  const line = { ready: true, url: mailbox.url, smtpUrl: mailbox.smtpUrl };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`mail stand-in: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().catch(fail);

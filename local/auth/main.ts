/**
 * Starts the auth stand-in. Prints one line when it listens:
 * {"ready":true,"url":"http://127.0.0.1:<port>","issuer":"<base>/auth/v1"}. config.ts names its variables.
 */
import { readConfig } from "./config.ts";
import { startAuthServer } from "./server.ts";

async function main(): Promise<void> {
  const server = await startAuthServer(readConfig(process.env));
  let closing: Promise<void> | undefined;
  const close = (): void => {
    closing ??= server.close().then(
      () => process.exit(0),
      (error: unknown) => fail(error),
    );
  };
  process.once("SIGTERM", close);
  process.once("SIGINT", close);
  process.stdout.write(`${JSON.stringify({ ready: true, url: server.url, issuer: server.issuer })}\n`);
}

function fail(error: unknown): void {
  process.stderr.write(`auth stand-in: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().catch(fail);

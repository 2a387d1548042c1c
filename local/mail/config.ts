/** The one file of this stand-in that reads the environment; main.ts hands it in. */
export interface Config {
  /** Of the page; 0 takes any free port. The host is always 127.0.0.1. */
  port: number;
  smtpPort: number;
  databaseUrl: string;
  control: boolean;
  logLevel: string;
}

export function readConfig(env: NodeJS.ProcessEnv): Config {
  const databaseUrl = env["DATABASE_URL"];
  if (!databaseUrl) throw new Error("DATABASE_URL is not set. The mail stand-in cannot start without it.");
  return {
    port: port(env, "PORT"),
    smtpPort: port(env, "SMTP_PORT"),
    databaseUrl,
    control: env["CONTROL"] === "1",
    logLevel: env["LOG_LEVEL"] || "info",
  };
}

function port(env: NodeJS.ProcessEnv, name: string): number {
  const value = Number(env[name] || "0");
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new Error(`${name} must be a port number, not "${env[name]}".`);
}

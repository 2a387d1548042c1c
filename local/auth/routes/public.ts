/** What anybody may read: the verifying keys, the settings, and that the service is alive. */
import type { FastifyInstance } from "fastify";

import type { Context } from "../context.ts";

const externalProviders = [
  "anonymous_users",
  "apple",
  "azure",
  "bitbucket",
  "discord",
  "facebook",
  "figma",
  "fly",
  "github",
  "gitlab",
  "google",
  "kakao",
  "keycloak",
  "linkedin",
  "linkedin_oidc",
  "notion",
  "phone",
  "slack",
  "slack_oidc",
  "spotify",
  "twitch",
  "twitter",
  "workos",
  "zoom",
];

export function publicRoutes(app: FastifyInstance, context: Context): void {
  app.get("/.well-known/jwks.json", async (_request, reply) => {
    void reply.header("cache-control", "public, max-age=600");
    return { keys: context.keys.published() };
  });

  app.get("/settings", async () => ({
    external: { ...Object.fromEntries(externalProviders.map((name) => [name, false])), email: true },
    disable_signup: context.switches.disableSignup,
    mailer_autoconfirm: context.switches.autoconfirm,
    phone_autoconfirm: false,
    sms_provider: "",
    saml_enabled: false,
    passkeys_enabled: false,
  }));

  app.get("/health", async () => ({
    version: "molt-local",
    name: "GoTrue",
    description:
      "GoTrue is a user registration and authentication API. This is its local stand-in for Molt-OS.",
  }));
}

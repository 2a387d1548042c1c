/** Draws a component as a signed-in member would see it, with an api that answers what the test says. */
import type { Endpoint } from "@molt/contract";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render } from "@testing-library/react";
import type { ReactElement } from "react";
import { afterEach } from "vitest";
import type { Api } from "../session/api.ts";
import { useSession, type Doors } from "../session/session.ts";

afterEach(cleanup);

type Answers = Record<string, (input: unknown) => unknown>;

/** Answers by path; a path nobody prepared is a failed test. */
export function apiOf(answers: Answers): Api {
  const call = async (endpoint: Endpoint, input: unknown) => {
    const answer = answers[endpoint.path];
    if (!answer) throw new Error(`unexpected call of ${endpoint.path}`);
    return answer(input);
  };
  return { call: call as Api["call"] };
}

/** `auth` holds the methods of auth-js that the element calls. */
export function drawAsMember(
  element: ReactElement,
  answers: Answers = {},
  auth: Partial<Record<keyof Doors["auth"], unknown>> = {},
) {
  const doors: Doors = {
    config: { apiUrl: "http://127.0.0.1:9", publishableKey: "" },
    auth: auth as Doors["auth"],
    api: apiOf(answers),
    token: async () => null,
  };
  useSession.setState({ state: { phase: "member", doors, userId: "u", email: "ada@example.org" } });
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  return render(<QueryClientProvider client={client}>{element}</QueryClientProvider>);
}

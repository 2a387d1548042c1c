import type { Deps } from "../deps.ts";

export interface FoundBot {
  id: string;
  email: string;
}

/** For operators: a bot by its id or by its owner's e-mail address. Undefined: there is none. */
export async function findBot({ db }: Pick<Deps, "db">, name: string): Promise<FoundBot | undefined> {
  const isId = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(name);
  return db
    .selectFrom("app.bots")
    .innerJoin("app.users", "app.users.id", "app.bots.user_id")
    .select(["app.bots.id", "app.users.email"])
    .where("app.bots.desired", "<>", "deleted")
    .where((is) => (isId ? is("app.bots.id", "=", name) : is("app.users.email", "=", name.toLowerCase())))
    .executeTakeFirst();
}

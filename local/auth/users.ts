/** The rows of auth.users, and the object that the official client shows of one. */
import { createHash, randomUUID } from "node:crypto";

import type { Query } from "./database.ts";

export interface UserRow {
  id: string;
  email: string | null;
  encrypted_password: string | null;
  email_confirmed_at: Date | null;
  confirmation_sent_at: Date | null;
  recovery_sent_at: Date | null;
  email_change: string | null;
  email_change_sent_at: Date | null;
  email_change_confirm_status: number;
  last_sign_in_at: Date | null;
  banned_until: Date | null;
  raw_app_meta_data: Record<string, unknown>;
  raw_user_meta_data: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
}

export async function findUserByEmail(query: Query, email: string): Promise<UserRow | undefined> {
  const { rows } = await query.query<UserRow>("select * from auth.users where email = $1", [email]);
  return rows[0];
}

/** @param lock keeps the row still until the transaction ends. */
export async function findUserById(query: Query, id: string, lock = false): Promise<UserRow | undefined> {
  const sql = `select * from auth.users where id = $1 ${lock ? "for update" : ""}`;
  const { rows } = await query.query<UserRow>(sql, [id]);
  return rows[0];
}

export interface NewUser {
  email: string;
  passwordHash: string | null;
  metadata: Record<string, unknown>;
  now: Date;
  confirmed: boolean;
}

/** The new row, or undefined when the address has an account: two sign-ups at once make one row. */
export async function insertUser(query: Query, user: NewUser): Promise<UserRow | undefined> {
  const { rows } = await query.query<UserRow>(
    `insert into auth.users (id, email, encrypted_password, raw_user_meta_data, email_confirmed_at,
       created_at, updated_at)
     values ($1, $2, $3, $4, $5, $6, $6)
     on conflict (email) do nothing returning *`,
    [
      randomUUID(),
      user.email,
      user.passwordHash,
      JSON.stringify(user.metadata),
      user.confirmed ? user.now : null,
      user.now,
    ],
  );
  return rows[0];
}

type Change = Partial<
  Pick<
    UserRow,
    | "email"
    | "encrypted_password"
    | "email_confirmed_at"
    | "confirmation_sent_at"
    | "recovery_sent_at"
    | "email_change"
    | "email_change_sent_at"
    | "email_change_confirm_status"
    | "last_sign_in_at"
    | "raw_user_meta_data"
  >
>;

/** Writes the named columns. @throws Postgres 23505 when the address belongs to somebody else. */
export async function updateUser(query: Query, id: string, change: Change & { now: Date }): Promise<UserRow> {
  const { now, ...columns } = change;
  const entries = Object.entries(columns).filter(([, value]) => value !== undefined);
  // The names are keys of `Change`, never input.
  const sets = entries.map(([name], index) => `${name} = $${index + 3}`);
  const values = entries.map(([name, value]) =>
    name === "raw_user_meta_data" ? JSON.stringify(value) : value,
  );
  const { rows } = await query.query<UserRow>(
    `update auth.users set ${["updated_at = $2", ...sets].join(", ")} where id = $1 returning *`,
    [id, now, ...values],
  );
  const row = rows[0];
  if (!row) throw new Error("The user was deleted while it was being changed.");
  return row;
}

export function isBanned(user: UserRow, now: Date): boolean {
  return user.banned_until !== null && user.banned_until > now;
}

/** GoTrue's user object. Empty times are omitted. */
export function userObject(user: UserRow): Record<string, unknown> {
  const email = user.email ?? "";
  const confirmed = iso(user.email_confirmed_at);
  return omitUndefined({
    id: user.id,
    aud: "authenticated",
    role: "authenticated",
    email,
    email_confirmed_at: confirmed,
    phone: "",
    confirmation_sent_at: iso(user.confirmation_sent_at),
    confirmed_at: confirmed,
    recovery_sent_at: iso(user.recovery_sent_at),
    new_email: user.email_change ?? undefined,
    email_change_sent_at: iso(user.email_change_sent_at),
    last_sign_in_at: iso(user.last_sign_in_at),
    app_metadata: user.raw_app_meta_data,
    user_metadata: user.raw_user_meta_data,
    identities: [identityOf(user, email)],
    created_at: iso(user.created_at),
    updated_at: iso(user.updated_at),
    is_anonymous: false,
  });
}

function identityOf(user: UserRow, email: string): Record<string, unknown> {
  return omitUndefined({
    identity_id: derivedUuid(user.id),
    id: user.id,
    user_id: user.id,
    identity_data: {
      sub: user.id,
      email,
      email_verified: user.email_confirmed_at !== null,
      phone_verified: false,
    },
    provider: "email",
    last_sign_in_at: iso(user.last_sign_in_at ?? user.created_at),
    created_at: iso(user.created_at),
    updated_at: iso(user.created_at),
    email,
  });
}

/** There is one identity a user, so its id can follow from the user's. */
function derivedUuid(id: string): string {
  const hex = createHash("sha256").update(`identity of ${id}`).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function iso(time: Date | null): string | undefined {
  return time?.toISOString();
}

function omitUndefined(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

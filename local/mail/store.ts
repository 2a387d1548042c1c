/** The mailbox: schema mail_local, the newest mails only. */
import pg from "pg";

import { limits } from "./limits.ts";
import type { ParsedMail } from "./read-mail.ts";

export interface StoredMail extends ParsedMail {
  id: number;
  receivedAt: Date;
  envelopeFrom: string;
  recipients: string[];
  bytes: number;
}

export type MailSummary = Pick<StoredMail, "id" | "receivedAt" | "from" | "recipients" | "subject" | "code">;

export interface Envelope {
  from: string;
  recipients: string[];
  bytes: number;
  /** True: answered with "accepted" and then lost on purpose. Counted, never shown. */
  lost: boolean;
}

export interface Filter {
  /** One recipient's address, in any case. */
  to?: string | undefined;
  /** Only mails older, or newer, than this id. */
  before?: number | undefined;
  after?: number | undefined;
  limit: number;
}

export interface Store {
  add(envelope: Envelope, mail: ParsedMail): Promise<number>;
  list(filter: Filter): Promise<MailSummary[]>;
  listWhole(filter: Filter): Promise<StoredMail[]>;
  get(id: number): Promise<StoredMail | undefined>;
  /** Every mail that was ever accepted: more than `list` shows, when some were lost on purpose. */
  counts(): Promise<{ shown: number; accepted: number }>;
  clear(to?: string): Promise<number>;
  close(): Promise<void>;
}

const schema = `
create schema if not exists mail_local;
create table if not exists mail_local.mails (
  id integer generated always as identity primary key,
  received_at timestamptz not null default now(),
  envelope_from text not null,
  recipients text[] not null,
  sender text not null,
  subject text not null,
  text_body text not null,
  html_body text,
  code text,
  message_id text,
  headers jsonb not null,
  attachments jsonb not null,
  bytes integer not null,
  lost boolean not null default false
);
create index if not exists mails_recipients on mail_local.mails using gin (recipients);
create table if not exists mail_local.accepted (one boolean primary key default true check (one), count bigint not null);
insert into mail_local.accepted (count) values (0) on conflict do nothing;`;

const summaryColumns = `id, received_at as "receivedAt", sender as "from", recipients, subject, code`;
const allColumns = `${summaryColumns}, envelope_from as "envelopeFrom", text_body as "text", html_body as "html",
  message_id as "messageId", headers, attachments, bytes`;

export async function openStore(url: string, onError: (error: Error) => void): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: "molt-mail",
    max: 5,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 8_000,
    query_timeout: 10_000,
    keepAlive: true,
  });
  pool.on("error", onError);
  await pool.query(
    `begin; select pg_advisory_xact_lock(hashtext('molt local/mail schema')); ${schema}; commit;`,
  );

  return {
    add: (envelope, mail) => add(pool, envelope, mail),
    list: async (filter) => (await select<MailSummary>(pool, summaryColumns, filter)).rows,
    listWhole: async (filter) => (await select<StoredMail>(pool, allColumns, filter)).rows,
    async get(id) {
      const sql = `select ${allColumns} from mail_local.mails where id = $1 and not lost`;
      return (await pool.query<StoredMail>(sql, [id])).rows[0];
    },
    async counts() {
      const { rows } = await pool.query<{ shown: number; accepted: number }>(
        `select (select count(*)::int from mail_local.mails where not lost) as shown,
           (select count::int from mail_local.accepted) as accepted`,
      );
      return rows[0] ?? { shown: 0, accepted: 0 };
    },
    async clear(to) {
      const sql = "delete from mail_local.mails where $1::text is null or recipients @> array[$1::text]";
      return (await pool.query(sql, [to?.toLowerCase() ?? null])).rowCount ?? 0;
    },
    close: () => pool.end(),
  };
}

/** One statement a step, one transaction: what SMTP answers "accepted" for is on disk, or was not accepted. */
async function add(pool: pg.Pool, envelope: Envelope, mail: ParsedMail): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(
    `with counted as (update mail_local.accepted set count = count + 1),
       pruned as (delete from mail_local.mails where id <=
         (select id from mail_local.mails order by id desc offset $13 limit 1))
     insert into mail_local.mails (envelope_from, recipients, sender, subject, text_body, html_body, code,
       message_id, headers, attachments, bytes, lost)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) returning id`,
    [
      envelope.from,
      envelope.recipients,
      mail.from,
      mail.subject,
      mail.text,
      mail.html,
      mail.code,
      mail.messageId,
      JSON.stringify(mail.headers),
      JSON.stringify(mail.attachments),
      envelope.bytes,
      envelope.lost,
      // The new one is not among those the statement sees.
      limits.mails - 1,
    ],
  );
  const row = rows[0];
  if (!row) throw new Error("Storing a mail answered no row.");
  return row.id;
}

function select<T extends pg.QueryResultRow>(
  pool: pg.Pool,
  columns: string,
  filter: Filter,
): Promise<pg.QueryResult<T>> {
  return pool.query<T>(
    `select ${columns} from mail_local.mails
     where not lost and ($1::text is null or recipients @> array[$1::text])
       and ($2::int is null or id < $2) and ($3::int is null or id > $3)
     order by id desc limit $4`,
    [filter.to?.toLowerCase() ?? null, filter.before ?? null, filter.after ?? null, filter.limit],
  );
}

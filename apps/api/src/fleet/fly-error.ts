/** What a refusal of the Machines API means for us: by its `status` first, then by its text. */

export type FlyErrorKind =
  | "region_full"
  | "volume_host_full"
  | "host_full"
  | "quota"
  | "conflict"
  | "precondition"
  | "name_taken"
  | "stale_volume"
  | "unauthorized"
  | "foreign"
  | "not_found"
  | "timeout"
  | "transient"
  | "bad_answer"
  | "invalid";

export class FlyError extends Error {
  override name = "FlyError";
  readonly kind: FlyErrorKind;
  /** 0 where no answer came. */
  readonly httpStatus: number;
  readonly requestId: string | undefined;
  constructor(
    kind: FlyErrorKind,
    message: string,
    options: { httpStatus?: number; requestId?: string | undefined; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.kind = kind;
    this.httpStatus = options.httpStatus ?? 0;
    this.requestId = options.requestId;
  }
}

export const isFlyError = (error: unknown, ...kinds: FlyErrorKind[]): error is FlyError =>
  error instanceof FlyError && (kinds.length === 0 || kinds.includes(error.kind));

interface Refusal {
  http: number;
  status: string | undefined;
  text: string;
}

const hostFull = /insufficient (cpus|memory|ips|resources) available|could not reserve resource for machine/i;

/** fly.md section 4; no error contract is published, so the text is a fallback and no more. */
export function classify({ http, status, text }: Refusal): FlyErrorKind {
  if (status === "insufficient_capacity") return "region_full";
  if (status === "volume_placement_capacity") return "volume_host_full";
  if (status === "name_taken") return "name_taken";
  if (http === 412 && /insufficient resources to create new machine with existing volume/i.test(text))
    return "volume_host_full";
  if (http === 409 && hostFull.test(text)) return "host_full";
  if ((http === 409 || http === 400) && /no capacity\W*$/i.test(text)) return "region_full";
  if (http === 403) return /over the allowed quota/i.test(text) ? "quota" : "foreign";
  if (http === 400 && /volume not found/i.test(text)) return "stale_volume";
  if (/manifest_unknown/i.test(text)) return "transient"; // right after a push, for a minute
  if (http === 422 && /already been taken/i.test(text)) return "name_taken";
  return byHttpStatus[http] ?? (http >= 500 ? "transient" : "invalid");
}

const byHttpStatus: Record<number, FlyErrorKind> = {
  401: "unauthorized",
  404: "not_found",
  408: "timeout",
  409: "conflict",
  412: "precondition",
  429: "transient",
};

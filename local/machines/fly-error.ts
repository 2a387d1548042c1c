/** A refusal in the shape of the Machines API: `{ error, status? }` with an HTTP status. */
export type FlyStatus = "unknown" | "insufficient_capacity" | "volume_placement_capacity" | "name_taken";

export class FlyError extends Error {
  override name = "FlyError";
  readonly http: number;
  readonly status: FlyStatus | undefined;
  constructor(http: number, message: string, status?: FlyStatus) {
    super(message);
    this.http = http;
    this.status = status;
  }
  body(): { error: string; status?: FlyStatus } {
    return this.status === undefined ? { error: this.message } : { error: this.message, status: this.status };
  }
}

export const notFound = (what: string): FlyError => new FlyError(404, `not_found: ${what} not found`);
export const badRequest = (why: string): FlyError => new FlyError(400, `invalid_argument: ${why}`);
export const precondition = (why: string): FlyError => new FlyError(412, `failed_precondition: ${why}`);
export const conflict = (why: string): FlyError => new FlyError(409, `aborted: ${why}`);

/**
 * How often somebody may ask. Per address of the caller: GoTrue's token buckets (burst 30; supabase/auth
 * internal/api/apilimiter). Per account: our own, so that guessing from many addresses is slow as well.
 * Kept in memory and bounded; a restart forgives. The 60 seconds between two mails are in mail-queue.ts.
 */
import { hourMs, minuteMs } from "./clock.ts";
import type { Clock } from "./clock.ts";
import { AuthError } from "./errors.ts";

const buckets = {
  signup: { burst: 30, per: 5 * minuteMs },
  otp: { burst: 30, per: 5 * minuteMs },
  recover: { burst: 30, per: 5 * minuteMs },
  resend: { burst: 30, per: 5 * minuteMs },
  user: { burst: 30, per: 5 * minuteMs },
  verify: { burst: 30, per: 5 * minuteMs },
  token: { burst: 150, per: 5 * minuteMs },
  /** Wrong passwords for one account, from anywhere. */
  password: { burst: 10, per: 15 * minuteMs },
  /** Wrong codes for one account, from anywhere: at most 20 of a million an hour. */
  code: { burst: 20, per: hourMs },
  /** Mails to one account, over all purposes. */
  mail: { burst: 10, per: hourMs },
} as const;

export type BucketName = keyof typeof buckets;

const maxKeys = 20_000;

export interface Limits {
  /** Takes one. @throws 429 when the bucket of that key is empty. */
  take(bucket: BucketName, key: string): void;
  /** Gives one back: what looked like a guess was right. */
  give(bucket: BucketName, key: string): void;
  /** Forgets everything: a test's fresh start. */
  reset(): void;
}

interface Level {
  left: number;
  at: number;
}

export function createLimits(clock: Clock, scale: number): Limits {
  // A Map keeps the order of insertion, and `fill` re-inserts: the first is the longest unused.
  const levels = new Map<string, Level>();

  const fill = (name: BucketName, key: string): Level => {
    const id = `${name}\0${key}`;
    const { burst, per } = buckets[name];
    const most = burst * scale;
    const at = clock.now().getTime();
    const before = levels.get(id);
    const gained = before ? (Math.max(0, at - before.at) / per) * most : most;
    const level = { left: Math.min(most, (before?.left ?? 0) + gained), at };
    levels.delete(id);
    levels.set(id, level);
    const oldest = levels.keys().next();
    if (levels.size > maxKeys && !oldest.done) levels.delete(oldest.value);
    if (level.left < 1) throw tooMany(name);
    return level;
  };

  return {
    take(name, key) {
      fill(name, key).left -= 1;
    },
    give(name, key) {
      const level = levels.get(`${name}\0${key}`);
      if (level) level.left = Math.min(buckets[name].burst * scale, level.left + 1);
    },
    reset: () => levels.clear(),
  };
}

function tooMany(name: BucketName): AuthError {
  return name === "mail"
    ? new AuthError(429, "over_email_send_rate_limit", "Email rate limit exceeded")
    : new AuthError(429, "over_request_rate_limit", "Request rate limit reached");
}

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import type { WebSocket } from "ws";
import { makeUser, testDeps } from "../testing/deps.ts";
import { deleteAccount } from "../accounts/delete-account.ts";
import type { Deps } from "../deps.ts";
import { closeEnded } from "./close-ended.ts";
import { Device, Devices } from "./device.ts";

/** A device whose socket only tells that it was closed. */
function connect(devices: Devices, userId: string) {
  const closed = new EventTarget();
  const codes: number[] = [];
  const socket = {
    close(code: number) {
      codes.push(code);
      closed.dispatchEvent(new Event("closed"));
    },
  } as unknown as WebSocket; // of a socket, this is what closing needs
  devices.add(new Device(socket, { userId, expiresAt: new Date(8.64e15) }));
  return { codes, closed: once(closed, "closed", { signal: AbortSignal.timeout(5_000) }) };
}

const user = async (deps: Deps, email: string) => ({
  userId: await makeUser(deps, email),
  email,
  requestId: "r",
});

test("I11 every device of an account is closed when it is deleted, and nobody else's", async (t) => {
  const deps = await testDeps(t);
  const devices = new Devices();
  t.after(closeEnded(deps, devices));
  const [ann, bob] = [await user(deps, "ann@example.com"), await user(deps, "bob@example.com")];
  const [phone, laptop, other] = [
    connect(devices, ann.userId),
    connect(devices, ann.userId),
    connect(devices, bob.userId),
  ];
  await deleteAccount(deps, ann, ann.email);
  await Promise.all([phone.closed, laptop.closed]);
  assert.deepEqual([phone.codes, laptop.codes, other.codes], [[4401], [4401], []]);
  other.closed.catch(() => undefined);
});

test("I11 also when the notification was lost: after a gap everybody here is looked up", async (t) => {
  const deps = await testDeps(t);
  const devices = new Devices();
  const ann = await user(deps, "ann@example.com");
  const phone = connect(devices, ann.userId);
  await deleteAccount(deps, ann, ann.email);
  t.after(closeEnded(deps, devices));
  await deps.events.publish(deps.db, { kind: "account" });
  await phone.closed;
  assert.deepEqual(phone.codes, [4401]);
});

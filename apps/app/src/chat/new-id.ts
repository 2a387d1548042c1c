/** A UUID v4 for a message of this device. Hermes has no crypto; there uniqueness is all that is asked. */
export function newId(): string {
  if (typeof globalThis.crypto?.randomUUID === "function") return globalThis.crypto.randomUUID();
  return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) => {
    const digit = Number(c);
    return (digit ^ (Math.floor(Math.random() * 16) >> (digit / 4))).toString(16);
  });
}

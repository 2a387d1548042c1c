import type { Positions } from "./layout.ts";

/** Positions kept on this device; what cannot be read is forgotten, the layout finds new ones. */
export function readPositions(text: string | null): Positions {
  try {
    const value: unknown = text === null ? {} : JSON.parse(text);
    if (typeof value !== "object" || value === null) return {};
    return Object.fromEntries(
      Object.entries(value).filter(([, p]) => Number.isFinite(p?.x) && Number.isFinite(p?.y)),
    );
  } catch {
    // Half written: the picture is laid out anew.
    return {};
  }
}

/** What a key press in the composer means. */

export interface Key {
  readonly key: string;
  readonly shiftKey?: boolean;
  readonly isComposing?: boolean;
  /** 229 while an input method composes: Safari ends the composition before it reports Enter. */
  readonly keyCode?: number;
}

/** Enter sends, Shift+Enter is a new line, Enter that picks a word of an input method does neither, Esc stops. */
export function keyMeans(key: Key): "send" | "stop" | null {
  if (key.isComposing || key.keyCode === 229) return null;
  if (key.key === "Enter" && !key.shiftKey) return "send";
  if (key.key === "Escape") return "stop";
  return null;
}

import { language, type Language } from "@molt/contract";

/** The language of a tag such as `de-AT`, where it is one of ours. */
export function languageOfTag(tag: unknown): Language | undefined {
  if (typeof tag !== "string") return undefined;
  const parsed = language.safeParse(tag.trim().slice(0, 35).split(/[-_]/, 1)[0]?.toLowerCase());
  return parsed.success ? parsed.data : undefined;
}

/** The first of ours in an Accept-Language header, in the order of the reader's wishes. */
export function languageOfHeader(header: string | undefined): Language | undefined {
  const wishes = (header ?? "")
    .slice(0, 500)
    .split(",")
    .map((wish, position) => {
      const [tag = "", ...settings] = wish.split(";");
      const quality = Number(/^\s*q=([\d.]+)\s*$/.exec(settings[0] ?? "")?.[1] ?? 1);
      return { language: languageOfTag(tag), quality, position };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality || a.position - b.position);
  return wishes.find((wish) => wish.language !== undefined)?.language;
}

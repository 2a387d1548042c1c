/** HTML by template: every value is escaped, unless it is itself the result of a template. */
export interface Html {
  readonly html: string;
}

type Value = Html | string | number | null | undefined | false | readonly Html[];

export function html(parts: TemplateStringsArray, ...values: Value[]): Html {
  const filled = parts.map((part, index) => part + (index < values.length ? show(values[index]) : ""));
  return { html: filled.join("") };
}

function show(value: Value): string {
  if (value === null || value === undefined || value === false) return "";
  if (typeof value === "string" || typeof value === "number") return escape(String(value));
  return "html" in value ? value.html : value.map((item) => item.html).join("");
}

function escape(text: string): string {
  const names: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  return text.replace(/[&<>"']/g, (sign) => names[sign] ?? sign);
}

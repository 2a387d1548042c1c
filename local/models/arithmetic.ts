/** A pocket calculator: + - * / ^ and parentheses, without eval. */

const RUN = /[-\d.,+*/x×÷^()\s]+/g;
const OPERATION = /\d[\s)]*[-+*/x×÷^][\s(]*-?\d/;

/** The first calculation in a text, or undefined when there is none that makes sense. */
export function findCalculation(text: string): { expression: string; result: number } | undefined {
  for (const run of text.slice(0, 500).match(RUN) ?? []) {
    const expression = run.trim().replace(/[.,x]+$/, "");
    const result = OPERATION.test(expression) ? calculate(expression) : undefined;
    if (result !== undefined && Number.isFinite(result)) return { expression, result };
  }
  return undefined;
}

/** undefined when the text is not an expression. */
export function calculate(text: string): number | undefined {
  const tokens =
    text
      .replace(/[x×]/g, "*")
      .replaceAll("÷", "/")
      .match(/\d+(?:[.,]\d+)?|[-+*/^()]|\S/g) ?? [];
  let at = 0;
  const take = (...wanted: string[]): string | undefined => {
    const token = tokens[at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    at += 1;
    return token;
  };
  const atom = (): number => {
    if (take("-")) return -power();
    if (take("(")) {
      const inner = sum();
      return take(")") ? inner : Number.NaN;
    }
    const token = tokens[at];
    at += 1;
    return token === undefined || !/^\d/.test(token) ? Number.NaN : Number(token.replace(",", "."));
  };
  const power = (): number => {
    const base = atom();
    return take("^") ? base ** power() : base;
  };
  const product = (): number => {
    let value = power();
    for (let op = take("*", "/"); op; op = take("*", "/"))
      value = op === "*" ? value * power() : value / power();
    return value;
  };
  function sum(): number {
    let value = product();
    for (let op = take("+", "-"); op; op = take("+", "-"))
      value = op === "+" ? value + product() : value - product();
    return value;
  }
  const value = sum();
  return at === tokens.length && !Number.isNaN(value) ? value : undefined;
}

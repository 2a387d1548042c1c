export * from "./colors.ts";
export * from "./logo.ts";
export * from "./tokens.ts";

import { join } from "node:path";
import { root } from "../lib/web-build.ts";

/** Where all pictures lie. */
export const folder = join(root, "docs/pictures");

/** Called by `next build` when out/ is complete (next.config.ts): the last step is the pages' security policy. */
import path from "node:path";
import { securePages } from "./content-security.ts";

export default {
  name: "Molt-OS",
  async onBuildComplete({ projectDir }: { projectDir: string }): Promise<void> {
    const pages = await securePages(path.join(projectDir, "out"));
    process.stdout.write(`${pages} pages were given a policy\n`);
  },
};

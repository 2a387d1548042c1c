/**
 * Called by `next build` when out/ is complete (next.config.ts): the last steps are the 404 page's
 * faces and the pages' security policy.
 */
import path from "node:path";
import { securePages } from "./content-security.ts";
import { preloadFonts } from "./preload-fonts.ts";

export default {
  name: "Molt-OS",
  async onBuildComplete({ projectDir }: { projectDir: string }): Promise<void> {
    await preloadFonts(path.join(projectDir, "out"));
    const pages = await securePages(path.join(projectDir, "out"));
    process.stdout.write(`${pages} pages were given a policy\n`);
  },
};

/**
 * Two rules beyond Expo's defaults.
 *
 * Our imports name the plain file (`./storage.ts`). Metro looks for platform twins (`storage.native.ts`)
 * only when the ending is left open, so it is taken off for files of ours.
 * zod carries every language's error texts (about 60 KB gz); the app words its errors itself.
 * A released build has no /catalogue: the route would drag every screen into the chunk all pages share.
 */
const path = require("node:path");
const { getDefaultConfig } = require("expo/metro-config");

const config = getDefaultConfig(__dirname);
const ours = [path.join(__dirname, "src"), path.join(__dirname, "..", "..", "packages")];
const zodLocales = /[\\/]zod[\\/]v4[\\/]/;

config.resolver.resolveRequest = (context, name, platform) => {
  const origin = context.originModulePath;
  if (/^\.{1,2}\//.test(name) && /\.tsx?$/.test(name) && ours.some((root) => origin.startsWith(root))) {
    return context.resolveRequest(context, name.replace(/\.tsx?$/, ""), platform);
  }
  if (name.endsWith("/locales/index.js") && zodLocales.test(origin)) return { type: "empty" };
  return context.resolveRequest(context, name, platform);
};

// oxlint-disable-next-line node/no-process-env -- the settings of a build come from nowhere else
const { NODE_ENV, EXPO_PUBLIC_CATALOGUE } = process.env;
const showCatalogue = NODE_ENV !== "production" || EXPO_PUBLIC_CATALOGUE === "1";
if (!showCatalogue) {
  const blocked = [config.resolver.blockList ?? []].flat();
  config.resolver.blockList = [...blocked, /[\\/]src[\\/](app[\\/]catalogue\.tsx|catalogue[\\/].*)$/];
}

module.exports = config;

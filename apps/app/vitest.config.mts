/**
 * Components only: react-native-web in jsdom, found by role. Logic is node:test beside its file.
 * The router is CommonJS over React Native itself, which no browser build can load: a stand-in of
 * five names takes its place here, and Playwright meets the real one.
 */
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const router = fileURLToPath(new URL("src/testing/router.tsx", import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^react-native$/, replacement: "react-native-web" },
      { find: /^expo-router(\/head)?$/, replacement: router },
    ],
    extensions: [".web.tsx", ".web.ts", ".web.js", ".tsx", ".ts", ".mjs", ".js", ".json"],
    mainFields: ["module", "main"],
  },
  define: { __DEV__: "true", "process.env.EXPO_OS": '"web"' },
  oxc: { jsx: { runtime: "automatic" } },
  test: {
    environment: "jsdom",
    include: ["src/**/*.test.tsx"],
    restoreMocks: true,
    server: { deps: { inline: [/react-native/, /expo/, /@legendapp/] } },
  },
});

/** Components only: react-native-web in jsdom, found by role. Logic is node:test beside its file. */
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: {
    alias: [{ find: /^react-native$/, replacement: "react-native-web" }],
    extensions: [".web.tsx", ".web.ts", ".web.js", ".tsx", ".ts", ".mjs", ".js", ".json"],
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

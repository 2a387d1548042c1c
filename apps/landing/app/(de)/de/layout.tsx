import type { Viewport } from "next";
import type { ReactNode } from "react";
import "../../global.css";
import { baseData } from "../../../lib/page-data.ts";
import { themeColors } from "../../../lib/theme.ts";
import { Document } from "../../../parts/frame.tsx";

export const metadata = baseData;
export const viewport: Viewport = {
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: themeColors.light },
    { media: "(prefers-color-scheme: dark)", color: themeColors.dark },
  ],
};

export default function GermanLayout({ children }: { children: ReactNode }) {
  return <Document language="de">{children}</Document>;
}

import type { Metadata } from "next";
import "./global.css";
import { Document, Frame } from "../parts/frame.tsx";
import { Empty } from "../parts/empty-shell.tsx";
import { baseData } from "../lib/page-data.ts";
import { words } from "../words/words.ts";

export const metadata: Metadata = {
  ...baseData,
  title: `${words.en.notFound.title} · Molt-OS`,
  description: words.en.notFound.lead,
};

/** One page for both languages, because nobody knows which one a wrong address meant. */
export default function NotFound() {
  return (
    <Document language="en">
      <Frame language="en" path="/">
        <Empty />
      </Frame>
    </Document>
  );
}

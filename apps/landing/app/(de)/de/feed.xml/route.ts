import { feed } from "../../../../lib/feed.ts";

export const dynamic = "force-static";
export const GET = () => feed("de");

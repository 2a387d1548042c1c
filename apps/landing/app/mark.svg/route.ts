import { markSvg } from "../../lib/pictures.ts";

export const dynamic = "force-static";
export const GET = () => new Response(markSvg(), { headers: { "content-type": "image/svg+xml" } });

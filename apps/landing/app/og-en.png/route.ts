import { preview } from "../../lib/pictures.ts";

export const dynamic = "force-static";
export const GET = async () =>
  new Response(await preview("en"), { headers: { "content-type": "image/png" } });

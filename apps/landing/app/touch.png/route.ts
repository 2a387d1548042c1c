import { touchIcon } from "../../lib/pictures.ts";

export const dynamic = "force-static";
export const GET = async () => new Response(await touchIcon(), { headers: { "content-type": "image/png" } });

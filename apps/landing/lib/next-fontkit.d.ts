declare module "next/dist/compiled/@next/font/dist/fontkit/index.js" {
  export default function open(file: Buffer): import("./outlines.ts").Font;
}

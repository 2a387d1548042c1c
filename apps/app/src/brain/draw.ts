/** Puts the shapes of a scene on a canvas. The only file of the Brain View that knows Canvas 2D. */
import { fonts, mark, type Palette } from "@molt/brand";
import type { Shape } from "./scene.ts";

export interface Size {
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
}

export function draw(
  ctx: CanvasRenderingContext2D,
  shapes: readonly Shape[],
  { colors, size }: { colors: Palette; size: Size },
): void {
  ctx.setTransform(size.ratio, 0, 0, size.ratio, 0, 0);
  ctx.clearRect(0, 0, size.width, size.height);
  ctx.textAlign = "center";
  ctx.lineJoin = "round";
  for (const shape of shapes) drawShape(ctx, shape, colors);
  ctx.globalAlpha = 1;
}

let claw: Path2D | null = null;

function drawShape(ctx: CanvasRenderingContext2D, shape: Shape, colors: Palette): void {
  ctx.globalAlpha = Math.max(0, Math.min(1, shape.alpha));
  const ink = colors[shape.ink];
  switch (shape.kind) {
    case "line":
      ctx.strokeStyle = ink;
      ctx.lineWidth = shape.width;
      ctx.beginPath();
      ctx.moveTo(shape.from.x, shape.from.y);
      ctx.lineTo(shape.to.x, shape.to.y);
      ctx.stroke();
      return;
    case "disc":
      ctx.fillStyle = ink;
      ctx.beginPath();
      ctx.arc(shape.at.x, shape.at.y, shape.r, 0, 2 * Math.PI);
      ctx.fill();
      return;
    case "ring":
      ctx.strokeStyle = ink;
      ctx.lineWidth = shape.width;
      ctx.beginPath();
      ctx.arc(shape.at.x, shape.at.y, shape.r, 0, 2 * Math.PI);
      ctx.stroke();
      return;
    case "mark":
      ctx.save();
      ctx.translate(shape.at.x, shape.at.y);
      ctx.scale(shape.r / 24, shape.r / 24);
      ctx.translate(-28, -24);
      ctx.fillStyle = ink;
      claw ??= new Path2D(mark.claw);
      ctx.fill(claw);
      ctx.restore();
      return;
    case "label":
      ctx.font = `${shape.strong ? 600 : 500} 12.5px ${fonts.text}`;
      ctx.lineWidth = 4;
      ctx.strokeStyle = colors.bg;
      ctx.strokeText(shape.text, shape.at.x, shape.at.y);
      ctx.fillStyle = ink;
      ctx.fillText(shape.text, shape.at.x, shape.at.y);
  }
}

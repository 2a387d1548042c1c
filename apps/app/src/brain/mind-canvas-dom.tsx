"use dom";
import { MindCanvas, type MindCanvasProps } from "./mind-canvas.tsx";

/** The canvas as a page of its own inside the phone's app. Expo wants a default export here. */
// oxlint-disable-next-line import/no-default-export -- Expo finds a DOM component by it
export default function MindCanvasDom(props: MindCanvasProps & { dom?: import("expo/dom").DOMProps }) {
  return (
    <div style={{ position: "fixed", inset: 0, background: props.colors.bg }}>
      <MindCanvas {...props} />
    </div>
  );
}

/** Painting one thumbnail: the photo as it is, the evidence over it. */

import { fold, folded, limits, paint } from "../../lib/heat.js";
import { upsample } from "../../lib/upsample.js";

/**
 * @typedef {import("../protocol.js").HeatMap} HeatMap
 * @typedef {import("../../lib/heat.js").Limits} Limits
 * @typedef {{sign: import("../protocol.js").Sign, opacity: number, lut: Uint8Array | null}} Look
 */

/** Pixels of the heat's longer side: it is smooth, and finer would only cost time. */
const FINEST = 96;

/** One painter serves all thumbnails: they are painted one after another. */
export function createPainter() {
  const heat = document.createElement("canvas");
  /** @type {ImageData | undefined} */
  let image;
  /** @type {Float32Array | undefined} */
  let field;
  /**
   * @param {HeatMap} map
   * @param {import("../../lib/places.js").Place | null} place
   * @param {Look} look
   * @param {Limits} range
   * @param {readonly [number, number]} size  height, width
   */
  const drawHeat = (map, place, { sign, opacity, lut }, range, [height, width]) => {
    if (heat.width !== width || heat.height !== height) {
      heat.width = width;
      heat.height = height;
    }
    const context = heat.getContext("2d");
    if (!context || !lut) return;
    if (image?.width !== width || image.height !== height) image = context.createImageData(width, height);
    const room = field?.length === width * height ? field : undefined;
    const grid = /** @type {import("../../protocol.js").Size} */ (map.grid);
    field = upsample(fold(map.values, sign), grid, [height, width], "bilinear", room, place);
    paint(field, lut, image.data, folded({ ...range, sign, opacity, threshold: 0 }));
    context.putImageData(image, 0, 0);
  };
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {number} side  pixels
   * @param {ImageBitmap} photo
   * @param {HeatMap | null} map
   * @param {import("../../lib/places.js").Place | null} place  of its cells
   * @param {Look} look
   * @param {Limits | null} [range]  a scale that it shares with another
   */
  return (canvas, side, photo, map, place, look, range) => {
    if (canvas.width !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    if (!context) return;
    context.clearRect(0, 0, side, side);
    const longer = Math.max(photo.width, photo.height);
    const [width, height] = [photo.width, photo.height].map((length) => Math.max(1, Math.round((length * side) / longer)));
    const [x, y] = [(side - width) >> 1, (side - height) >> 1];
    context.imageSmoothingQuality = "high";
    context.drawImage(photo, x, y, width, height);
    if (!map || !look.lut) return;
    const shrink = Math.min(1, FINEST / side);
    const size = /** @type {const} */ ([Math.max(1, Math.round(height * shrink)), Math.max(1, Math.round(width * shrink))]);
    drawHeat(map, place, look, range ?? limits(map.values, look.sign), size);
    context.drawImage(heat, x, y, width, height);
  };
}

/** A cover as the widget gets it out of a file: a square of 80 pixels. */
export async function drawCover(): Promise<ImageBitmap> {
  const canvas = new OffscreenCanvas(80, 80);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser draws nothing.");
  context.fillStyle = "#1d4e89";
  context.fillRect(0, 0, 80, 80);
  context.fillStyle = "#f79256";
  context.fillRect(16, 40, 48, 40);
  context.fillStyle = "#fbd1a2";
  context.fillRect(32, 16, 16, 24);
  return canvas.transferToImageBitmap();
}

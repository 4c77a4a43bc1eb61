/** Which rows of `total` are to be drawn: those in sight and `beyond` on each side. */
export function inSight(scrollTop: number, height: number, rowHeight: number, total: number, beyond = 8):
    { from: number; to: number } {
  const from = Math.max(0, Math.floor(scrollTop / rowHeight) - beyond);
  const to = Math.min(total, Math.ceil((scrollTop + height) / rowHeight) + beyond);
  return { from: Math.min(from, total), to };
}

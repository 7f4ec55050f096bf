const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** "3 minutes ago". Clocks of devices differ, so what is a little in the future is now. */
export function whenWas(at: number): string {
  const passed = Math.max(0, Date.now() - at);
  const [unit, ms] = units.find(([, size]) => passed >= size) ?? [undefined, 1];
  return unit === undefined ? 'just now' : relative.format(-Math.floor(passed / ms), unit);
}

import { type IconName, icons } from '@tessera/example-design/icons';

const own = {
  place:
    'M8 14s4.75-4.1 4.75-7.5a4.75 4.75 0 0 0-9.5 0C3.25 9.9 8 14 8 14zM8 8.25a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.5z',
  flight:
    'M8 2.25c.7 0 1 .8 1 1.75v2.5l5 3v1.5l-5-1.5v2.25l1.5 1.25v1L8 13.5 5.5 14v-1L7 11.75V9.5L2 11V9.5l5-3V4c0-.95.3-1.75 1-1.75z',
};

export function Icon({ name }: { readonly name: IconName | keyof typeof own }) {
  const path = { ...icons, ...own }[name];
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={path} />
    </svg>
  );
}

import { type IconName, icons, markTiles } from '@tessera/example-design/icons';

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <path d={icons[name]} />
    </svg>
  );
}

export function Mark() {
  return (
    <svg className="mark" viewBox="0 0 24 24" aria-hidden="true">
      {markTiles.map((tile) => (
        <rect key={tile.fill} {...tile} />
      ))}
    </svg>
  );
}

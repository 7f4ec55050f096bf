import { type ReactNode, useId, useSyncExternalStore } from 'react';
import { onStep, stepNow } from '../feed.ts';
import { Icon } from '../icon.tsx';
import { type Unit, units } from '../units.ts';

/** The present step of the feed. */
export function useStep(): number {
  return useSyncExternalStore(onStep, stepNow);
}

interface FieldProps<T> {
  readonly label: string;
  readonly value: T;
  readonly onChange: (value: T) => void;
}

export function TextField({ label, value, onChange }: FieldProps<string>) {
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <input
        className="input"
        value={value}
        maxLength={120}
        onChange={(event) => onChange(event.target.value)}
      />
    </label>
  );
}

export function NumberField({ label, value, onChange }: FieldProps<number>) {
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <input
        className="input"
        type="number"
        value={value}
        onChange={({ target }) => {
          if (Number.isFinite(target.valueAsNumber)) onChange(target.valueAsNumber);
        }}
      />
    </label>
  );
}

interface ChoiceProps<T extends string> extends FieldProps<T> {
  readonly choices: Readonly<Record<T, string>>;
}

export function ChoiceField<T extends string>({ label, value, choices, onChange }: ChoiceProps<T>) {
  return (
    <label className="field">
      <span className="field-label">{label}</span>
      <select
        className="select"
        value={value}
        onChange={(event) => onChange(event.target.value as T)}
      >
        {Object.entries<string>(choices).map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

const unitLabels = Object.fromEntries(
  Object.entries(units).map(([unit, { label }]) => [unit, label]),
) as Record<Unit, string>;

export function UnitField(props: FieldProps<Unit>) {
  return <ChoiceField {...props} choices={unitLabels} />;
}

interface NamedItem {
  readonly id: string;
  readonly name: string;
}

interface ListFieldProps {
  readonly label: string;
  readonly items: readonly NamedItem[];
  readonly onRename: (id: string, name: string) => void;
  readonly onRemove: (id: string) => void;
  readonly onAdd: () => void;
  readonly addLabel: string;
}

export function ListField(props: ListFieldProps) {
  const { label, items, onRename, onRemove, onAdd, addLabel } = props;
  const id = useId();
  return (
    <fieldset className="field list-field">
      <legend className="field-label">{label}</legend>
      {items.map((item, index) => (
        <div className="list-field-row" key={item.id}>
          <span className="swatch" data-series={index % 8} aria-hidden="true" />
          <input
            className="input"
            aria-label={`${label} ${index + 1}`}
            id={`${id}${item.id}`}
            value={item.name}
            maxLength={120}
            onChange={(event) => onRename(item.id, event.target.value)}
          />
          <button
            type="button"
            className="icon-button"
            aria-label={`Remove ${item.name}`}
            onClick={() => onRemove(item.id)}
          >
            <Icon name="close" />
          </button>
        </div>
      ))}
      <button type="button" className="button" data-size="small" onClick={onAdd}>
        <Icon name="add" />
        {addLabel}
      </button>
    </fieldset>
  );
}

/** What a widget shows that has nothing to show yet. */
export function Hint({ children }: { readonly children: ReactNode }) {
  return <p className="widget-hint">{children}</p>;
}

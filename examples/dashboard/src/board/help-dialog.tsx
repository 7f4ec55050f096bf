import { Dialog } from './dialog.tsx';

const keys: readonly (readonly [keys: readonly string[], what: string])[] = [
  [['Tab'], 'Go to the next widget'],
  [['←', '→', '↑', '↓'], 'Move the widget'],
  [['Shift', '← → ↑ ↓'], 'Resize it'],
  [['Enter'], 'Write in a note, or open the settings'],
  [['Esc'], 'Leave the note or the settings'],
  [['Delete'], 'Remove the widget'],
  [['Ctrl', 'Z'], 'Undo what you did'],
  [['Ctrl', 'Shift', 'Z'], 'Do it again'],
];

export function HelpDialog({ onClose }: { readonly onClose: () => void }) {
  return (
    <Dialog title="Keyboard" onClose={onClose}>
      <dl className="keys">
        {keys.map(([pressed, what]) => (
          <div key={what}>
            <dt>
              {pressed.map((key) => (
                <kbd className="kbd" key={key}>
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

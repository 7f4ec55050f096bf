import { describe, expect, it } from 'vitest';
import { accessToWidget, isRestricted, type Rights } from './access.ts';

describe('accessToWidget', () => {
  const rights: Rights = {
    access: 'read',
    widgets: { 'chat-*': 'write', 'chat-log': 'read', 'chat-l*': 'admin', '*-log': 'write' },
  };

  it.each([
    ['notes', 'read'],
    ['chat-1', 'write'],
    ['chat-log', 'read'],
    ['chat-list', 'admin'],
    ['audit-log', 'write'],
  ] as const)(
    'of %s is %s: the most specific pattern decides, else the board',
    (widget, access) => {
      expect(accessToWidget(rights, widget)).toBe(access);
    },
  );

  it('is the lesser one of two patterns that are equally specific', () => {
    const widgets = { 'a*': 'write', '*a': 'read' } as const;
    expect(accessToWidget({ access: 'admin', widgets }, 'aa')).toBe('read');
  });

  it('is never that of a property every object has', () => {
    expect(accessToWidget({ access: 'read', widgets: {} }, 'constructor')).toBe('read');
  });
});

describe('isRestricted', () => {
  it.each([
    [{ access: 'write' }, false],
    [{ access: 'read', widgets: {} }, false],
    [{ access: 'read', widgets: { a: 'read' } }, false],
    [{ access: 'write', widgets: { a: 'admin' } }, false],
    [{ access: 'read', widgets: { a: 'write' } }, true],
    [{ access: 'read', widgets: { a: 'admin' } }, true],
    [{ access: 'admin', widgets: { a: 'write', b: 'read' } }, true],
  ] as const)('%j: %s', (rights, expected) => {
    expect(isRestricted(rights)).toBe(expected);
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeMessage, parseServerMessage, type ServerMessage } from './messages.ts';

const access = fc.constantFrom('read' as const, 'write' as const, 'admin' as const);
const widgets = fc.dictionary(fc.string(), access, { noNullPrototype: true });
const rights = fc.oneof(fc.record({ access }), fc.record({ access, widgets }));

const message: fc.Arbitrary<ServerMessage> = fc.oneof(
  fc
    .tuple(
      fc.record(
        {
          type: fc.constant('hello' as const),
          board: fc.string(),
          epoch: fc.string(),
          head: fc.maxSafeNat(),
          node: fc.string(),
          mayRefuse: fc.constant(true as const),
          quarantined: fc.string(),
        },
        { requiredKeys: ['type', 'board', 'epoch', 'head', 'node'] },
      ),
      fc.oneof(fc.constant({}), rights),
    )
    .map(([hello, allowed]) => ({ ...hello, ...allowed })),
  rights.map((allowed) => ({ type: 'access' as const, ...allowed })),
  fc.record(
    {
      type: fc.constant('rejected' as const),
      widgets: fc.array(fc.string()),
      roots: fc.array(fc.string()),
      reason: fc.string(),
    },
    { requiredKeys: ['type', 'widgets', 'reason'] },
  ),
  fc.record({
    type: fc.constant('durability' as const),
    state: fc.constantFrom('ok' as const, 'delayed' as const),
  }),
);

describe('messages', () => {
  test('what is encoded is read back', () => {
    fc.assert(
      fc.property(message, (sent) => {
        expect(parseServerMessage(encodeMessage(sent))).toEqual(sent);
      }),
    );
  });

  test('fields this version does not know are left out', () => {
    expect(parseServerMessage('{"type":"durability","state":"ok","since":1}')).toEqual({
      type: 'durability',
      state: 'ok',
    });
  });

  test('rights that are not understood as a whole are not told at all', () => {
    const hello = { type: 'hello', board: 'b', epoch: 'e', head: 1, node: 'n' };
    for (const unclear of [
      { access: 'own' },
      { widgets: { a: 'read' } },
      { access: 'write', widgets: { a: 'hide', b: 'read' } },
      { access: 'write', widgets: ['a'] },
    ]) {
      expect(parseServerMessage(JSON.stringify({ ...hello, ...unclear }))).toEqual(hello);
    }
  });

  test.each([
    '',
    'hello',
    'null',
    '[]',
    '7',
    '{}',
    '{"type":"weather"}',
    '{"type":"hello","board":"a","epoch":"e","head":-1,"node":"n"}',
    '{"type":"hello","board":"a","epoch":"e","node":"n"}',
    '{"type":"access"}',
    '{"type":"access","access":"write","widgets":{"a":"hide"}}',
    '{"type":"rejected","widgets":[1],"reason":"r"}',
    '{"type":"rejected","widgets":"w","reason":"r"}',
    '{"type":"durability","state":"maybe"}',
  ])('%s is no message', (text) => {
    expect(parseServerMessage(text)).toBeUndefined();
  });

  test('no text makes it throw', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        parseServerMessage(text);
      }),
    );
  });
});

import { type ErrorCode, errors, TesseraError } from '@tessera/model';
import { expect, test } from 'vitest';
import { readRefusal } from './refusal.ts';

test.each(Object.keys(errors) as ErrorCode[])('%s is read back from its reason', (code) => {
  expect(readRefusal(errors[code].message).code).toBe(code);
  const read = readRefusal(new TesseraError(code, 'board acme/x: gone').message);
  expect(read.code).toBe(code);
  expect(read.message).toBe(`${errors[code].message}: board acme/x: gone`);
});

test('for other reasons the close code decides', () => {
  expect(readRefusal('go away', 4413).code).toBe('too-large');
  expect(readRefusal('', 4400).message).toBe('the message is malformed: closed with 4400');
  expect(readRefusal('go away').code).toBe('not-granted');
  expect(readRefusal('', 4499).code).toBe('malformed');
});

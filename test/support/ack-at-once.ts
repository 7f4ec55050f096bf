import { setTimeout as delay } from 'node:timers/promises';
import { Journal } from '@tessera/persistence';

/**
 * A node that is broken on purpose: it acks before the commit, and commits 100 ms late.
 * The kill test must notice; else it could not notice a real fault either.
 */
const append = Journal.prototype.append;
Journal.prototype.whenSaved = (_board, saved) => saved();
Journal.prototype.append = function (update) {
  void delay(100).then(() => append.call(this, update));
};

await import('../../server/src/main.ts');

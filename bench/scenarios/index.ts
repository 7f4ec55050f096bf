import { hasSharedData } from '../../test/support/traces.ts';
import { coldLoad } from './cold-load.ts';
import { compaction } from './compaction.ts';
import { durableAcks } from './durable-ack.ts';
import { editing } from './editing.ts';
import { growth } from './growth.ts';
import { idle } from './idle.ts';
import { joinStorm } from './join-storm.ts';
import { kill } from './kill.ts';
import { leaving } from './leaving.ts';
import { offlineReturn } from './offline-return.ts';
import { reconnectStorm } from './reconnect-storm.ts';
import type { Scenario } from './scenario.ts';
import { trace } from './trace.ts';
import { writeAmplification } from './write-amplification.ts';

/** All of them, in the order they are run in. */
export const scenarios: readonly Scenario[] = [
  ...editing,
  ...durableAcks,
  joinStorm,
  coldLoad,
  reconnectStorm,
  offlineReturn,
  idle,
  ...growth,
  writeAmplification,
  compaction,
  ...(hasSharedData ? [trace] : []),
  kill,
  leaving,
];

import { describeLocalStore } from './storage.contract.ts';
import { memoryStore } from './storage-memory.ts';

describeLocalStore('the memory store', async () => memoryStore());

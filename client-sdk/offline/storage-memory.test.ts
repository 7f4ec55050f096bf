import { describeStorageBackend } from './storage.contract.ts';
import { memoryBackend } from './storage-memory.ts';

describeStorageBackend('the memory store', async () => memoryBackend());

/**
 * What programs in Node need besides: a store in a folder.
 *
 * @module @tessera/client/node
 */
export { type FileStoreOptions, fileStore } from './storage-file.ts';

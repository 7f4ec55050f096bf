export { type FileStoreOptions, fileStore } from './storage-file.ts';
